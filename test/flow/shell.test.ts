import { describe, expect, it } from 'vitest';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();
const PLANTED = 'planted-flow-secret';

/** Lets the agent's shell look at the server's own entry below /proc; no other process is looked at. */
async function lookAround(shell: 'on' | 'unconfined'): Promise<string> {
  const { process: server } = await flow.spawn({ AGENT_SHELL: shell, BEDROCK_SECRET_ACCESS_KEY: PLANTED });
  const command = `env; tr '\\0' '\\n' < /proc/${server.pid}/environ; echo looked > looked.txt; ls`;
  flow.model.reply({ type: 'tool_use', name: 'Bash', input: { command } });
  flow.model.reply('Looked.');
  flow.say('Look around');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Looked.');
  return JSON.stringify(flow.model.requests.at(-1)?.body.messages);
}

describe.skipIf(process.platform !== 'linux')("the agent's shell (Linux)", () => {
  it('finds no secret of the server, and works in its workspace', async () => {
    const seen = await lookAround('on');
    expect(seen).toContain('looked.txt');
    expect(seen).not.toContain(PLANTED);
  });

  it('finds it when it is unconfined: the look is a real one', async () => {
    expect(await lookAround('unconfined')).toContain(PLANTED);
  });
});

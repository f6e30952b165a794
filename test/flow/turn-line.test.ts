import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { PERSON, WEBHOOK_SECRET } from '../fakes/telegram-server.ts';
import { dataFolder, type StartedServer, startServer } from './started-server.fixture.ts';
import { MAIN, useFlow } from './system.fixture.ts';

const flow = useFlow();
const START = [process.execPath, MAIN];

/** @returns the line that is written once the turn is over, after its answer was shown. */
async function lineOf(server: StartedServer): Promise<string> {
  for (;;) {
    const line = server
      .stderr()
      .split('\n')
      .find((text) => / Update \d+: /.test(text));
    if (line !== undefined) return line;
    await delay(50);
  }
}

it('The ready line names bot, mode and model; a turn that is over is one line without its words', async () => {
  const server = await startServer(START, flow.environment());
  expect(server.ready).toBe(
    `ready ${server.url} — @omnicloud_agent_bot by webhook, model anthropic.flow-sonnet-v1:0 of Bedrock`,
  );
  flow.telegram.standIn.start({ url: `${server.url}/webhook`, secret: WEBHOOK_SECRET });
  flow.model.reply({ type: 'tool_use', name: 'Write', input: { file_path: 'plum.txt', content: 'cherry' } });
  flow.model.reply('Noted, apple.');
  flow.say('Remember the word banana');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Noted, apple.');
  expect(await lineOf(server)).toMatch(
    /^\S+Z Update \d+: answered after \d+\.\d s \(session [0-9a-f-]{36}, \d+ steps, 1 tool, \d+ tokens in, \d+ out, \$\d+\.\d{4}\)$/,
  );
  expect(server.stderr()).not.toMatch(/banana|apple|plum|cherry/);
});

it('Without a bot, the ready line names the page and the demo', async () => {
  const server = await startServer(START, { DATA_DIR: await dataFolder() });
  expect(server.ready).toBe(`ready ${server.url} — chat page, demo model`);
});

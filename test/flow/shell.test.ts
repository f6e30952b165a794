import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { PERSON } from '../fakes/telegram-server.ts';
import { MAIN, useFlow } from './system.fixture.ts';

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

  it.each([
    ['no network', {}, 'unreachable'],
    ['the network of this machine with AGENT_NETWORK=on', { AGENT_NETWORK: 'on' }, 'reached'],
  ])('has a HOME of its own to write to, and %s', async (_, changes, outcome) => {
    await flow.start({ AGENT_SHELL: 'on', ...changes });
    const port = new URL(flow.model.baseUrl).port;
    const command = `echo cached > ~/.cache-file && cat ~/.cache-file; node -e "fetch('http://127.0.0.1:${port}').then(() => console.log('reached'), () => console.log('unreachable'))"`;
    flow.model.reply({ type: 'tool_use', name: 'Bash', input: { command } });
    flow.model.reply('Tried.');
    flow.say('Try it');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Tried.');
    const seen = JSON.stringify(flow.model.requests.at(-1)?.body.messages);
    expect(seen).toContain(`cached\\n${outcome}`);
    expect(flow.errors).toEqual([]);
  });

  it('works beside the other tools of one turn, which the CLI runs itself', async () => {
    await flow.start({ AGENT_SHELL: 'on' });
    flow.model.reply({
      type: 'tool_use',
      name: 'Write',
      input: { file_path: 'notes.txt', content: 'a needle' },
    });
    flow.model.reply({
      type: 'tool_use',
      name: 'Bash',
      input: { command: 'mkdir -p deep && cp notes.txt deep/' },
    });
    flow.model.reply({ type: 'tool_use', name: 'Grep', input: { pattern: 'needle', path: '.' } });
    flow.model.reply({ type: 'tool_use', name: 'Glob', input: { pattern: 'deep/*' } });
    flow.model.reply({ type: 'tool_use', name: 'Read', input: { file_path: 'deep/notes.txt' } });
    flow.model.reply('Worked.');
    flow.say('Work');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Worked.');
    const seen = JSON.stringify(flow.model.requests.at(-1)?.body.messages);
    expect(seen).toMatch(/Found 2 files/);
    expect(seen).toMatch(/1\\ta needle|1→a needle/);
    expect(seen).not.toMatch(/"is_error":true/);
    expect(flow.errors).toEqual([]);
  });

  it('ends its own turn with a word about it when it takes too much memory, and the next turn is answered', async () => {
    await flow.start({ AGENT_SHELL: 'on', RUN_MEMORY_MB: '700' });
    const command = `for i in 1 2 3; do setsid perl -e 'my $x = "x" x (400 * 1048576); sleep 100' & done; wait`;
    flow.model.reply({ type: 'tool_use', name: 'Bash', input: { command } });
    flow.say('Take it all');
    await flow.telegram.waitForMessage(PERSON, (text) => text.includes('used more memory or processes'));
    flow.model.reply('Here again.');
    flow.say('Are you there?');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Here again.');
  });

  it('is refused at the start where nothing confines it, with what to do', async () => {
    // Root of a namespace, without any of root's rights.
    const without = ['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', '--'];
    const child = spawn('unshare', ['-Ur', 'setpriv', ...without, process.execPath, MAIN], {
      env: flow.environment({ AGENT_SHELL: 'on' }),
      cwd: flow.dataDir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    expect(child.exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/AGENT_SHELL=on cannot be kept here.*AGENT_SHELL=unconfined/);
  });

  it('finds it when it is unconfined: the look is a real one', async () => {
    expect(await lookAround('unconfined')).toContain(PLANTED);
  });
});

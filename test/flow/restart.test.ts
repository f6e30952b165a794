import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { createGate } from '../fakes/scripted-model.ts';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

/** Longer than the leases (15 s), the claims (30 s) and the silence after which a connection counts as dead. */
const SLEEP_MS = 45_000;

it('A process that is stopped for longer than its claims last goes on with the turn it was in', async () => {
  const { process: child } = await flow.spawn();
  const gate = createGate();
  flow.model.reply('Half of it', gate, ' and the rest.');
  flow.say('Tell me everything');
  await gate.reached;
  child.kill('SIGSTOP');
  await delay(SLEEP_MS);
  child.kill('SIGCONT');
  // Whatever the process holds against the sleep, it does before the model goes on.
  await delay(3_000);
  gate.release();
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Half of it and the rest.');
  expect(flow.model.requests).toHaveLength(1);
  expect(flow.telegram.botTexts(PERSON)).toEqual(['Half of it and the rest.']);
}, 120_000);

describe('A process that is killed', () => {
  it('after its reply: the next one knows the conversation, although the config home is empty', async () => {
    const first = await flow.spawn();
    flow.model.reply('Noted.');
    flow.say('The secret word is apple');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Noted.');
    first.process.kill('SIGKILL');
    await once(first.process, 'exit');
    await rm(join(flow.dataDir, 'work'), { recursive: true, force: true });

    await flow.spawn();
    flow.model.reply('Apple.');
    flow.say('What is the secret word?');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Apple.');
    const messages = JSON.stringify(flow.model.requests.at(-1)?.body.messages);
    expect(messages).toContain('The secret word is apple');
    expect(messages).toContain('Noted.');
    expect(messages).toContain('What is the secret word?');
  });

  it('in the middle of an answer: the next one answers the same message, and the model sees it once', async () => {
    const first = await flow.spawn();
    const gate = createGate();
    flow.model.reply('Half of it', gate, ' and the rest.');
    flow.say('Tell me everything');
    await gate.reached;
    first.process.kill('SIGKILL');
    await once(first.process, 'exit');

    flow.model.reply('All of it.');
    await flow.spawn();
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'All of it.');
    gate.release();
    expect(
      JSON.stringify(flow.model.requests.at(-1)?.body.messages).match(/Tell me everything/g),
    ).toHaveLength(1);
  });
});

describe('A process that is killed while it goes on with a conversation', () => {
  it('costs that conversation neither the earlier turns nor this one, and nobody waits for the dead lease', async () => {
    const first = await flow.spawn();
    flow.model.reply('Noted.');
    flow.say('The secret word is apple');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Noted.');
    const gate = createGate();
    flow.model.reply('Half', gate);
    flow.say('What is it?');
    await gate.reached;
    first.process.kill('SIGKILL');
    await once(first.process, 'exit');
    flow.model.reply('Apple.');
    await flow.spawn();
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Apple.');
    gate.release();
    const messages = JSON.stringify(flow.model.requests.at(-1)?.body.messages);
    expect(messages).toContain('The secret word is apple');
    expect(messages.match(/What is it\?/g)).toHaveLength(1);
  });
});

describe('A stored conversation', () => {
  it('copied by hand into a clean home is resumed by the bare CLI', async () => {
    await flow.start();
    flow.model.reply('Noted.');
    flow.say('The secret word is apple');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Noted.');
    const sessions = join(flow.dataDir, 'objects', 'sessions');
    const home = join(flow.dataDir, 'clean-home');
    const cwd = join(flow.dataDir, 'elsewhere');
    const project = join(home, '.claude', 'projects', cwd.replaceAll(/[^A-Za-z0-9]/g, '-'));
    await mkdir(project, { recursive: true });
    await mkdir(cwd);
    // The answer is shown before it is saved.
    const sessionId = await vi.waitFor(
      async () => {
        const [id = ''] = await readdir(sessions);
        await copyFile(join(sessions, id, 'conversation.jsonl'), join(project, `${id}.jsonl`));
        return id;
      },
      { timeout: 60_000, interval: 50 },
    );
    flow.model.reply('Apple.');
    const { stdout } = await promisify(execFile)(
      await bareCli(),
      ['--resume', sessionId, '-p', 'What is the secret word?'],
      {
        cwd,
        env: {
          ...flow.environment(),
          HOME: home,
          AWS_ACCESS_KEY_ID: 'AKIAFLOWTEST',
          AWS_SECRET_ACCESS_KEY: 'flow',
        },
      },
    );
    expect(stdout.trim()).toBe('Apple.');
    expect(JSON.stringify(flow.model.requests.at(-1)?.body.messages)).toContain('The secret word is apple');
  });
});

/** The CLI binary that the SDK brought for this platform. */
async function bareCli(): Promise<string> {
  const scope = join(import.meta.dirname, '..', '..', 'node_modules', '@anthropic-ai');
  const folder = (await readdir(scope)).find((name) =>
    name.startsWith(`claude-agent-sdk-${process.platform}-${process.arch}`),
  );
  return join(scope, folder ?? '', process.platform === 'win32' ? 'claude.exe' : 'claude');
}

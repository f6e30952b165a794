import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startLocal } from '@omnicloud/local/internal/compose.ts';
import { parseLocalConfig } from '@omnicloud/local/internal/config.ts';
import { PERSON } from '../fakes/telegram-server.ts';
import { MAIN, useFlow } from './system.fixture.ts';
import { COMPILED } from '../compiled.ts';

const flow = useFlow();

describe('npm start', () => {
  it('without settings answers on the page with the demo model, which really writes and lists a file', async () => {
    const system = await startLocal(
      parseLocalConfig({ PORT: '0', DATA_DIR: flow.dataDir, PATH: process.env.PATH }),
      { info: () => undefined, error: (_, error) => void flow.errors.push(error) },
      { wordDelayMs: 0 },
    );
    try {
      const events = await fetch(`${system.url}/page/events`);
      await say(system.url, 'write a file notes.md that says hello, then list the files');
      const shown = await untilShown(events, (text) => /hello[\s\S]*• notes\.md/.test(text));
      expect(shown).toContain('I wrote notes.md');
      const [session = ''] = await readdir(join(flow.dataDir, 'work'));
      expect(await readdir(join(flow.dataDir, 'work', session, 'workspace'))).toEqual(['notes.md']);
      expect((await fetch(`${system.url}/`, { headers: { origin: 'http://evil.example' } })).status).toBe(
        403,
      );
      expect(flow.errors).toEqual([]);
    } finally {
      await system.close();
    }
  });

  it('with a bot token fetches updates by long polling', async () => {
    await flow.startPolling();
    flow.model.reply('Polled.');
    flow.say('Hello?');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Polled.');
    expect(flow.telegram.calls.some(({ method }) => method === 'getUpdates')).toBe(true);
    expect(flow.telegram.calls.some(({ method }) => method === 'setMyCommands')).toBe(true);
  });

  it('with wrong settings lists them all, ends with 1 and starts nothing', async () => {
    const { code, stderr, stdout } = await run({
      TELEGRAM_BOT_TOKEN: 'nonsense',
      PORT: 'x',
      CLAUDE_CODE_USE_BEDROCK: '1',
    });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    for (const name of ['TELEGRAM_BOT_TOKEN', 'ALLOWED_USERS', 'PORT', 'BEDROCK_REGION'])
      expect(stderr).toContain(name);
    expect(stderr).not.toContain('nonsense');
    expect(await readdir(flow.dataDir)).toEqual([]);
  });

  it('with a data folder or a port that it may not use says which setting cures it', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const taken = String((server.address() as AddressInfo).port);
    const wrongs = [
      [{ DATA_DIR: '/dev/null/data' }, /^A folder cannot be used; set DATA_DIR .*\/dev\/null.*\n$/],
      [{ PORT: taken, DATA_DIR: flow.dataDir }, /^The port is in use .*set PORT .*\n$/],
    ] as const;
    try {
      for (const [settings, said] of wrongs) {
        expect(await run(settings)).toEqual({
          code: 1,
          stdout: '',
          stderr: expect.stringMatching(said) as string,
        });
      }
    } finally {
      server.close();
    }
  });

  it('with a token that Telegram refuses says so and ends', async () => {
    const { code, stderr } = await run(flow.environment({ TELEGRAM_BOT_TOKEN: '1:another' }));
    expect(code).toBe(1);
    expect(stderr).toContain('TELEGRAM_BOT_TOKEN is refused by Telegram (401)');
    expect(stderr).not.toContain('1:another');
  });

  it('ends on SIGTERM in the middle of an answer, and the next start gives it', async () => {
    const { process: child } = await flow.spawn();
    const gate = flow.model.hold();
    flow.say('Are you there?');
    await gate.reached;
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
    flow.model.reply('Here.');
    await flow.spawn();
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Here.');
    gate.release();
  });
});

async function say(url: string, text: string): Promise<void> {
  const response = await fetch(`${url}/page/chats/${PERSON}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  });
  expect(response.status).toBe(200);
}

/** Reads the page's events until one shows the text. */
async function untilShown(events: Response, fits: (text: string) => boolean): Promise<string> {
  const decoder = new TextDecoder();
  let buffer = '';
  for await (const chunk of events.body ?? []) {
    buffer += decoder.decode(chunk as Uint8Array, { stream: true });
    const texts = [...buffer.matchAll(/^data: (.*)$/gm)].map(
      ([, data = '{}']) => (JSON.parse(data) as { text?: string }).text ?? '',
    );
    const found = texts.find((text) => fits(text));
    if (found !== undefined) return found;
  }
  throw new Error('The events ended');
}

async function run(
  environment: Record<string, string>,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { ...COMPILED, PATH: process.env.PATH ?? '', DATA_DIR: flow.dataDir, ...environment };
  const child = spawn(process.execPath, [MAIN], {
    env,
    cwd: flow.dataDir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

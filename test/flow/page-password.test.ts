import { expect, it } from 'vitest';
import { startLocal } from '@omnicloud/local/internal/compose.ts';
import { parseLocalConfig } from '@omnicloud/local/internal/config.ts';
import { PERSON } from '../fakes/telegram-server.ts';
import { dataFolder, startServer } from './started-server.fixture.ts';
import { MAIN } from './system.fixture.ts';

const PASSWORD = 'correct horse battery';
const authorization = `Basic ${Buffer.from(`me:${PASSWORD}`).toString('base64')}`;

it('npm start with a page that other machines reach starts nothing without a password', async () => {
  const settings = { DATA_DIR: await dataFolder(), HOST: '0.0.0.0' };
  const server = await startServer([process.execPath, MAIN], settings);
  expect([server.url, await server.ended()]).toEqual([undefined, 1]);
  expect(server.stderr()).toContain('PAGE_PASSWORD is required with HOST=0.0.0.0');
});

it('With a password, nothing of the page is open without it, and with it the page works', async () => {
  const errors: unknown[] = [];
  const system = await startLocal(
    parseLocalConfig({
      PORT: '0',
      DATA_DIR: await dataFolder(),
      PATH: process.env.PATH,
      PAGE_PASSWORD: PASSWORD,
    }),
    { info: () => undefined, error: (_, error) => void errors.push(error) },
    { wordDelayMs: 0 },
  );
  try {
    const paths = [
      ...['/', '/app/main.js', '/favicon.svg', '/page/info', '/page/state', '/page/events', '/page/no-such'],
      ...[`/page/chats/${PERSON}/messages`, '/bot1:a/getMe', '/file/bot1:a/x', '/no-such'],
    ];
    for (const path of paths) expect([path, (await fetch(system.url + path)).status]).toEqual([path, 401]);
    const post = await fetch(`${system.url}/bot1:a/sendMessage`, { method: 'POST', body: '{}' });
    expect(post.status).toBe(401);
    // Others than the page's own have keys of their own.
    expect((await fetch(`${system.url}/webhook`, { method: 'POST', body: '{}' })).status).toBe(401);
    expect((await fetch(`${system.url}/health`)).status).toBe(200);

    const events = await fetch(`${system.url}/page/events`, { headers: { authorization } });
    expect(events.status).toBe(200);
    const sent = await fetch(`${system.url}/page/chats/${PERSON}/messages`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'write a file notes.md that says hello' }),
    });
    expect(sent.status).toBe(200);
    expect(await untilSaid(events, 'I wrote notes.md')).toBe(true);
    expect(errors).toEqual([]);
  } finally {
    await system.close();
  }
});

async function untilSaid(events: Response, words: string): Promise<boolean> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of events.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.includes(words)) return true;
  }
  return false;
}

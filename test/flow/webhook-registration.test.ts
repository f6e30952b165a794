import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { PERSON } from '../fakes/telegram-server.ts';
import { startServer } from './started-server.fixture.ts';
import { MAIN, useFlow } from './system.fixture.ts';

const flow = useFlow();

async function freePort(): Promise<string> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return String(port);
}

/** What a person sets who knows the server's own address and nothing of secrets. */
const settings = async (url: (port: string) => string): Promise<Record<string, string>> => {
  const PORT = await freePort();
  const changes = { TELEGRAM_MODE: '', TELEGRAM_WEBHOOK_SECRET: '', TELEGRAM_WEBHOOK_URL: url(PORT), PORT };
  return flow.environment(changes);
};

it('A server that is told its address registers its webhook, again and again the same, and answers by it', async () => {
  const environment = await settings((port) => `http://127.0.0.1:${port}`);
  flow.telegram.standIn.start();
  const registered: unknown[] = [];
  for (const text of ['Hello.', 'Hello again.']) {
    const server = await startServer([process.execPath, MAIN], environment);
    expect(server.url).toBe(`http://127.0.0.1:${environment.PORT}`);
    flow.model.reply(text);
    flow.say('Are you there?');
    await flow.telegram.waitForMessage(PERSON, (said) => said === text);
    server.child.kill('SIGTERM');
    expect(await server.ended()).toBe(0);
    registered.push(...flow.telegram.calls.filter(({ method }) => method === 'setWebhook').splice(-1));
  }
  const url = `http://127.0.0.1:${environment.PORT}/webhook`;
  const payload = {
    url,
    allowed_updates: ['message'],
    secret_token: expect.stringMatching(/^[\w-]{40,}$/) as string,
  };
  expect(registered).toMatchObject([{ payload }, { payload }]);
  const [first, second] = registered as { payload: unknown }[];
  expect(second?.payload).toEqual(first?.payload);
  const forged = await fetch(url, { method: 'POST', body: '{}' }).catch(() => undefined);
  expect(forged?.ok ?? false).toBe(false);
});

it('An address that Telegram refuses ends the start with what Telegram said', async () => {
  flow.telegram.intercept = ({ method }) =>
    method === 'setWebhook'
      ? {
          status: 400,
          body: { ok: false, error_code: 400, description: 'Bad Request: bad webhook: no such host' },
        }
      : undefined;
  const server = await startServer(
    [process.execPath, MAIN],
    await settings(() => 'http://nowhere.example/hook'),
  );
  expect([server.url, await server.ended()]).toEqual([undefined, 1]);
  expect(server.stderr()).toMatch(/TELEGRAM_WEBHOOK_URL is refused by Telegram: .*no such host/);
});

it('Telegram may be away at the start: the webhook is registered once Telegram is back', async () => {
  let failures = 2;
  flow.telegram.intercept = ({ method }) =>
    method === 'setWebhook' && failures-- > 0 ? { status: 502, body: '<h1>Bad Gateway</h1>' } : undefined;
  flow.telegram.standIn.start();
  const server = await startServer(
    [process.execPath, MAIN],
    await settings((port) => `http://127.0.0.1:${port}/`),
  );
  expect(server.url).toBeDefined();
  flow.model.reply('Back.');
  flow.say('Are you there?');
  await flow.telegram.waitForMessage(PERSON, (said) => said === 'Back.');
  expect(server.stderr()).toContain('setWebhook with 502');
});

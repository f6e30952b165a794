import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { askPassword, OWN_CALL_HEADER } from './ask-password.ts';
import { PasswordTries } from './password-tries.ts';

const PASSWORD = 'pässword with: a colon';
const OWN_CALL = 'what only this process knows';

const basic = (password: string, user = 'anybody'): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

/** A page behind the password, whose clock stands still unless the test moves it. */
function page(): {
  at: (ms: number) => void;
  ask: (headers?: Record<string, string>, address?: string) => Promise<Response>;
} {
  let now = 0;
  const app = new Hono();
  const tries = new PasswordTries(() => now);
  app.use('*', askPassword({ password: PASSWORD, ownCall: OWN_CALL, tries }));
  app.all('*', (context) => context.text('the page'));
  return {
    at: (ms) => {
      now = ms;
    },
    ask: async (headers = {}, address = '192.0.2.1') =>
      app.request(
        'http://unused/page/state',
        { headers },
        { incoming: { socket: { remoteAddress: address } } },
      ),
  };
}

it('lets the password through, with any user name, and asks a browser for it', async () => {
  const { ask } = page();
  expect((await ask(basic(PASSWORD))).status).toBe(200);
  expect((await ask(basic(PASSWORD, ''))).status).toBe(200);
  const refused = await ask();
  expect(refused.status).toBe(401);
  expect(refused.headers.get('www-authenticate')).toMatch(/^Basic realm=.*charset="UTF-8"$/);
});

it.each([
  ['another password', basic('pässword with: a colo')],
  ['a longer one', basic(`${PASSWORD}x`)],
  ['an empty one', basic('')],
  ['no colon', { authorization: `Basic ${Buffer.from(PASSWORD).toString('base64')}` }],
  ['another scheme', { authorization: `Bearer ${PASSWORD}` }],
  ['what is no base64', { authorization: 'Basic !!!' }],
  ['a guess at what only the process knows', { [OWN_CALL_HEADER]: 'guess' }],
  ['nothing at all where that should stand', { [OWN_CALL_HEADER]: '' }],
])('refuses %s', async (_, headers) => {
  expect((await page().ask(headers)).status).toBe(401);
});

it('lets calls of its own process through', async () => {
  expect((await page().ask({ [OWN_CALL_HEADER]: OWN_CALL })).status).toBe(200);
});

it('looks at ten wrong passwords of an address in five minutes, and at no right one after that', async () => {
  const { ask, at } = page();
  for (let guess = 0; guess < 10; guess += 1) expect((await ask(basic(`guess ${guess}`))).status).toBe(401);
  const locked = await ask(basic(PASSWORD));
  expect([locked.status, locked.headers.get('retry-after')]).toEqual([429, '300']);
  expect((await ask(basic(PASSWORD), '192.0.2.2')).status).toBe(200);
  at(300_001);
  expect((await ask(basic(PASSWORD))).status).toBe(200);
});

it('looks at a hundred of all addresses together, but goes on for those who know it', async () => {
  const { ask, at } = page();
  expect((await ask(basic(PASSWORD), 'mine')).status).toBe(200);
  const statuses: number[] = [];
  for (let guess = 0; guess < 2_000; guess += 1)
    statuses.push((await ask(basic('guess'), `from ${guess}`)).status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(100);
  expect((await ask(basic(PASSWORD), 'another')).status).toBe(429);
  expect((await ask(basic(PASSWORD), 'mine')).status).toBe(200);
  at(300_001);
  expect((await ask(basic(PASSWORD), 'another')).status).toBe(200);
});

it('counts no request that shows no password', async () => {
  const { ask } = page();
  for (let times = 0; times < 50; times += 1) await ask();
  expect((await ask(basic(PASSWORD))).status).toBe(200);
});

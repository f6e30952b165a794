import { messagePath, routes } from '@omnicloud/protocol';
import { SESSION_MAPPING_DAYS, SqliteSessionTable } from '@omnicloud/storage';
import { expect, it, onTestFinished } from 'vitest';
import { DirectorySessionStore } from '../../session/store/directory-session-store.ts';
import type { SessionStore } from '../../session/store/session-store.ts';
import { SqliteSessionLeases } from '../../session/lease/sqlite-session-leases.ts';
import { temporaryDirectory } from '../../session/home/temporary-directory.fixture.ts';
import { type AgentServer, agentServer } from '../agent-server.fixture.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const OTHER = '0190c8a4-0000-4000-8000-000000000002';
const FIRST = { chat_id: '9', user_message: 'Hi' };
const NEXT = { user_message: 'And now?', metadata: { session_key: '9:0' } };

async function session(server: AgentServer): Promise<string> {
  return String((await server.ask(routes.create, FIRST)).body.session_id);
}

async function tableOf(now: () => number): Promise<SqliteSessionTable> {
  const table = new SqliteSessionTable({ directory: await temporaryDirectory(), now });
  onTestFinished(() => table.close());
  return table;
}

it('A session that is used does not expire, however long ago it began', async () => {
  let nowMs = Date.UTC(2026, 0, 1);
  const table = await tableOf(() => nowMs);
  const server = await agentServer({ table });
  const sessionId = await session(server);
  for (let use = 0; use < 3; use += 1) {
    nowMs += (SESSION_MAPPING_DAYS - 1) * DAY_MS;
    expect(await server.ask(messagePath(sessionId), NEXT)).toMatchObject({ status: 200 });
    expect(await table.find('9:0')).toEqual({ sessionId, savedAt: new Date(nowMs) });
  }
});

it('An answer that is asked for again keeps the mapping alive, too', async () => {
  let nowMs = Date.UTC(2026, 0, 1);
  const table = await tableOf(() => nowMs);
  const server = await agentServer({ table });
  const path = messagePath(await session(server));
  await server.ask(path, NEXT, { key: 'update-2' });
  nowMs += DAY_MS;
  await server.ask(path, NEXT, { key: 'update-2' });
  expect(await table.find('9:0')).toMatchObject({ savedAt: new Date(nowMs) });
  expect(server.runtime.runs).toHaveLength(2);
});

it('A session that goes on takes no conversation that was left, or given to another', async () => {
  const server = await agentServer();
  const sessionId = await session(server);
  await server.table.forget('9:0', sessionId);
  expect(await server.ask(messagePath(sessionId), NEXT)).toMatchObject({ status: 200 });
  expect(await server.table.find('9:0')).toBeUndefined();
  await server.table.save('9:0', OTHER, { fencingToken: 1, replaces: undefined });
  expect(await server.ask(messagePath(sessionId), NEXT)).toMatchObject({ status: 200 });
  expect(await server.table.find('9:0')).toMatchObject({ sessionId: OTHER });
});

it('A mapping that cannot be refreshed costs no answer, and is reported', async () => {
  const table = new SqliteSessionTable({ directory: await temporaryDirectory() });
  const server = await agentServer({ table });
  const sessionId = await session(server);
  table.close();
  expect(await server.ask(messagePath(sessionId), NEXT)).toMatchObject({ status: 200 });
  expect(server.reported).toMatchObject([{ sessionId, error: { code: 'internal' } }]);
});

it('A run that was overtaken after it stored its turn claims nothing: the user may have left the session since', async () => {
  const directory = await temporaryDirectory();
  const leases = new SqliteSessionLeases({ directory });
  const later = new SqliteSessionLeases({ directory, now: () => Date.now() + DAY_MS });
  onTestFinished(() => {
    leases.close();
    later.close();
  });
  class OvertakenStore extends DirectorySessionStore {
    override async put(...[key, body, expected]: Parameters<SessionStore['put']>): Promise<string> {
      const version = await super.put(key, body, expected);
      const sessionId = /^sessions\/(.*)\/conversation\.jsonl$/.exec(key)?.[1];
      if (sessionId !== undefined) await later.acquire(sessionId, 'a later run', 1);
      return version;
    }
  }
  const store = new OvertakenStore(directory);
  const server = await agentServer({ store, leases });
  expect(await server.ask(routes.create, FIRST, { key: 'update-1' })).toMatchObject({
    status: 409,
    body: { error: { code: 'lease_lost' } },
  });
  expect(await server.table.find('9:0')).toBeUndefined();
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { AgentError } from '../errors.ts';
import { answering, failing, type Script } from '../run/scripted-runtime.fixture.ts';
import { DirectorySessionStore } from '../session/store/directory-session-store.ts';
import { RecordingSessionStore } from '../session/store/recording-session-store.fixture.ts';
import type { SessionStore } from '../session/store/session-store.ts';
import { SqliteSessionLeases } from '../session/lease/sqlite-session-leases.ts';
import { temporaryDirectory } from '../session/home/temporary-directory.fixture.ts';
import { type AgentServer, agentServer } from './agent-server.fixture.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Its heartbeat is never heard: what runs learns of nothing by itself, as a process that has just been thawed. */
const FROZEN = { ttlMs: 15_000, heartbeatMs: 1_000_000_000 };

/** A server whose sessions can be taken over behind its back. */
async function frozenServer(
  onPut: (key: string) => Promise<void> = () => Promise.resolve(),
): Promise<AgentServer & { store: RecordingSessionStore; overtake: (sessionId: string) => Promise<void> }> {
  const directory = await temporaryDirectory();
  const leases = new SqliteSessionLeases({ directory });
  const later = new SqliteSessionLeases({ directory, now: () => Date.now() + DAY_MS });
  onTestFinished(() => {
    leases.close();
    later.close();
  });
  class WatchedStore extends DirectorySessionStore {
    override async put(...[key, body, expected]: Parameters<SessionStore['put']>): Promise<string> {
      const version = await super.put(key, body, expected);
      await onPut(key);
      return version;
    }
  }
  const store = new RecordingSessionStore(new WatchedStore(join(directory, 'objects')));
  const server = await agentServer({ store, leases, leaseTiming: FROZEN });
  const overtake = async (sessionId: string): Promise<void> => {
    expect(await later.acquire(sessionId, 'a later run', 1)).toHaveProperty('lease');
  };
  return { ...server, store, overtake };
}

const LOST = { status: 409, body: { error: { code: 'lease_lost', retryable: true } } };

it.each<[string, Script]>([
  ['ends well', answering('Too late')],
  ['fails', failing(new AgentError('agent_crashed', 'The CLI is gone'))],
])(
  'A run that was overtaken while it was frozen writes nothing and says so, when it %s',
  async (_, ending) => {
    const server = await frozenServer();
    server.runtime.follow(async function* (run) {
      await server.overtake(run.home.sessionId);
      yield* ending(run);
    });
    expect(await server.create()).toMatchObject(LOST);
    expect(server.store.puts).toEqual([]);
    expect(server.reported).toMatchObject([{ error: { code: 'lease_lost' } }]);
    expect(await server.table.find('-100:0')).toBeUndefined();
  },
);

it('A run that is overtaken while its files are stored replaces nothing', async () => {
  const server = await frozenServer(async (key) => {
    const [, sessionId] = /^sessions\/(.*)\/packs\//.exec(key) ?? [];
    if (sessionId !== undefined) await server.overtake(sessionId);
  });
  server.runtime.follow(async function* (run) {
    await writeFile(join(run.home.workspace, 'notes.txt'), 'of no account');
    yield* answering('Too late')(run);
  });
  expect(await server.create()).toMatchObject(LOST);
  expect(server.store.puts).toEqual([expect.stringContaining('/packs/')]);
  expect(server.reported).toMatchObject([{ error: { code: 'lease_lost' } }]);
});

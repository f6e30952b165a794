import { readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { RecordingSessionStore } from '../session/store/recording-session-store.fixture.ts';
import { DirectorySessionStore } from '../session/store/directory-session-store.ts';
import { temporaryDirectory } from '../session/home/temporary-directory.fixture.ts';
import { sessionIdKey } from './session-id-key.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const fail = (error: unknown): never => {
  throw error;
};

/** Makes the key older; when it is 90 days old it is removed, as the bucket's lifecycle removes it. */
async function pass(folder: string, days: number): Promise<void> {
  const path = join(folder, 'keys/session-ids');
  const written = new Date((await stat(path)).mtimeMs - days * DAY_MS);
  await utimes(path, written, written);
  if (Date.now() - written.getTime() >= 90 * DAY_MS) await rm(path);
}

it('All servers of a store have the same key, also when they ask for it at once', async () => {
  const folder = await temporaryDirectory();
  const keys = await Promise.all(
    Array.from({ length: 5 }, () => sessionIdKey(new DirectorySessionStore(folder), fail)),
  );
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
});

it('Another store has another key', async () => {
  const folders = await Promise.all([temporaryDirectory(), temporaryDirectory()]);
  const [one, other] = await Promise.all(
    folders.map((folder) => sessionIdKey(new DirectorySessionStore(folder), fail)),
  );
  expect(one).not.toBe(other);
});

it('A key that cannot be read is no key, and is asked for again', async () => {
  const store = new DirectorySessionStore(await temporaryDirectory());
  await store.put('keys/session-ids', Buffer.from('short'));
  await expect(sessionIdKey(store, fail)).rejects.toMatchObject({ code: 'store_unavailable' });
  await store.put('keys/session-ids', Buffer.alloc(32, 7));
  expect(await sessionIdKey(store, fail)).toBe('07'.repeat(32));
});

it('The key stays the same for a year of servers that live for a while each', async () => {
  const folder = await temporaryDirectory();
  const first = await sessionIdKey(new DirectorySessionStore(folder), fail);
  for (let day = 0; day < 366; day += 20) {
    await pass(folder, 20);
    expect(await sessionIdKey(new DirectorySessionStore(folder), fail)).toBe(first);
    const { mtimeMs } = await stat(join(folder, 'keys/session-ids'));
    expect((Date.now() - mtimeMs) / DAY_MS).toBeLessThan(60);
  }
});

it('One server that lives for a year keeps the key young, and writes it again when it is gone', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const folder = await temporaryDirectory();
  const store = new DirectorySessionStore(folder);
  const first = await sessionIdKey(store, fail);
  for (let day = 0; day < 366; day += 1) {
    vi.setSystemTime(Date.now() + DAY_MS);
    expect(await sessionIdKey(store, fail)).toBe(first);
    const { mtimeMs } = await stat(join(folder, 'keys/session-ids'));
    expect((Date.now() - mtimeMs) / DAY_MS).toBeLessThan(60);
  }
  await rm(join(folder, 'keys/session-ids'));
  vi.setSystemTime(Date.now() + DAY_MS);
  expect(await sessionIdKey(store, fail)).toBe(first);
  expect((await readFile(join(folder, 'keys/session-ids'))).toString('hex')).toBe(first);
});

it('A store that is away later is reported, and the key is known all the same', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const store = new RecordingSessionStore(new DirectorySessionStore(await temporaryDirectory()));
  const first = await sessionIdKey(store, fail);
  store.failOn(/keys/, new Error('Away'));
  const reported: unknown[] = [];
  expect(await sessionIdKey(store, fail)).toBe(first);
  vi.setSystemTime(Date.now() + DAY_MS);
  expect(await sessionIdKey(store, (error) => reported.push(error))).toBe(first);
  expect(reported).toEqual([new Error('Away')]);
});

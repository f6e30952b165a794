import { expect, it } from 'vitest';
import { DirectorySessionStore } from '../session/directory-session-store.ts';
import { temporaryDirectory } from '../session/temporary-directory.fixture.ts';
import { sessionIdKey } from './session-id-key.ts';

it('All servers of a store have the same key, also when they ask for it at once', async () => {
  const folder = await temporaryDirectory();
  const keys = await Promise.all(
    Array.from({ length: 5 }, () => sessionIdKey(new DirectorySessionStore(folder))),
  );
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
});

it('Another store has another key', async () => {
  const folders = await Promise.all([temporaryDirectory(), temporaryDirectory()]);
  const [one, other] = await Promise.all(
    folders.map((folder) => sessionIdKey(new DirectorySessionStore(folder))),
  );
  expect(one).not.toBe(other);
});

it('A key that cannot be read is no key, and is asked for again', async () => {
  const store = new DirectorySessionStore(await temporaryDirectory());
  await store.put('keys/session-ids', Buffer.from('short'));
  await expect(sessionIdKey(store)).rejects.toMatchObject({ code: 'store_unavailable' });
  await store.put('keys/session-ids', Buffer.alloc(32, 7));
  expect(await sessionIdKey(store)).toBe('07'.repeat(32));
});

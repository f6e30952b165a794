import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DirectorySessionStore } from './directory-session-store.ts';
import { describeSessionStore } from './session-store.contract.ts';

describeSessionStore('The directory store', async () => {
  const root = await mkdtemp(join(tmpdir(), 'omnicloud-objects-'));
  return {
    store: new DirectorySessionStore(root),
    reopen: () => new DirectorySessionStore(root),
    close: () => rm(root, { recursive: true }),
  };
});

it('leaves no drafts behind and refuses keys that lead out of it', async () => {
  const root = await mkdtemp(join(tmpdir(), 'omnicloud-objects-'));
  const store = new DirectorySessionStore(root);
  await store.put('sessions/a/debug.txt', new Uint8Array([1]));
  expect(await readdir(join(root, 'sessions', 'a'))).toEqual(['debug.txt']);
  await expect(store.put('../escaped', new Uint8Array())).rejects.toMatchObject({ code: 'bad_request' });
  await expect(store.get('sessions/../../escaped')).rejects.toMatchObject({ code: 'bad_request' });
  await rm(root, { recursive: true });
});

it('says `store_unavailable` when the disk refuses, and keeps what was there', async () => {
  const root = await mkdtemp(join(tmpdir(), 'omnicloud-objects-'));
  await writeFile(join(root, 'sessions'), 'a file where a directory must be');
  const store = new DirectorySessionStore(root);
  await expect(store.put('sessions/a/debug.txt', new Uint8Array([1]))).rejects.toMatchObject({
    code: 'store_unavailable',
    retryable: true,
  });
  await rm(root, { recursive: true });
});

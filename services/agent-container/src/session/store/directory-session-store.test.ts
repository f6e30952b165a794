import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DirectorySessionStore } from './directory-session-store.ts';
import { ObjectLockError } from './object-lock.ts';
import { describeSessionStore } from './session-store.contract.ts';
import { startProcess } from '../started-process.fixture.ts';
import { temporaryDirectory } from '../home/temporary-directory.fixture.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describeSessionStore('The directory store', async () => {
  const root = await mkdtemp(join(tmpdir(), 'omnicloud-objects-'));
  return {
    store: new DirectorySessionStore(root),
    reopen: () => new DirectorySessionStore(root),
    close: () => rm(root, { recursive: true }),
  };
});

it('leaves no drafts or locks behind and refuses keys that lead out of it', async () => {
  const root = await temporaryDirectory();
  const store = new DirectorySessionStore(root);
  await store.put('sessions/a/debug.txt', bytes('1'));
  await expect(store.put('sessions/a/debug.txt', bytes('2'), 'absent')).rejects.toThrow();
  expect(await readdir(join(root, 'sessions', 'a'))).toEqual(['debug.txt']);
  await expect(store.put('../escaped', new Uint8Array())).rejects.toMatchObject({ code: 'bad_request' });
  await expect(store.get('sessions/../../escaped')).rejects.toMatchObject({ code: 'bad_request' });
});

it('says `store_unavailable` when the disk refuses, and keeps what was there', async () => {
  const root = await temporaryDirectory();
  await writeFile(join(root, 'sessions'), 'a file where a directory must be');
  const store = new DirectorySessionStore(root);
  await expect(store.put('sessions/a/debug.txt', bytes('1'))).rejects.toMatchObject({
    code: 'store_unavailable',
    retryable: true,
  });
  await expect(store.renew('sessions/a/debug.txt')).rejects.toMatchObject({ code: 'store_unavailable' });
});

it('loses no change when several processes write one object', async () => {
  const root = await temporaryDirectory();
  const store = new DirectorySessionStore(root);
  await store.put('sessions/a/count', bytes('0'));
  const processes = [1, 2, 3].map(() =>
    startProcess('./store/incrementing-process.fixture.ts', [root, '15']),
  );
  for (const { until } of processes) await until('ready');
  for (const { tell } of processes) tell('go');
  for (const { rest } of processes) await rest();
  expect(new TextDecoder().decode((await store.get('sessions/a/count'))?.body)).toBe('45');
  expect(await readdir(join(root, 'sessions', 'a'))).toEqual(['count']);
});

it('waits only so long for a process that holds on to an object, and writes when that one was killed', async () => {
  const root = await temporaryDirectory();
  const store = new DirectorySessionStore(root, { lockWaitLimitMs: 0 });
  const version = await store.put('sessions/a/debug.txt', bytes('old'));
  const { until, kill } = startProcess('./store/locking-process.fixture.ts', [
    join(root, 'sessions', 'a', 'debug.txt.lock'),
  ]);
  await until('held');
  for (const expected of [undefined, { version }]) {
    await expect(store.put('sessions/a/debug.txt', bytes('new'), expected)).rejects.toMatchObject({
      code: 'store_unavailable',
      cause: expect.any(ObjectLockError) as unknown,
    });
  }
  expect(await store.get('sessions/a/debug.txt')).toMatchObject({ version });
  await store.put('sessions/b/debug.txt', bytes('another object'));

  await kill();
  await store.put('sessions/a/debug.txt', bytes('new'), { version });
  expect(await readdir(join(root, 'sessions', 'a'))).toEqual(['debug.txt']);
});

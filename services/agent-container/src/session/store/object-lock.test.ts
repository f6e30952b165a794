import { lutimesSync } from 'node:fs';
import { mkdir, readdir, readlink, symlink, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { ObjectLockError, takeObjectLock } from './object-lock.ts';
import { startProcess } from '../started-process.fixture.ts';
import { temporaryDirectory } from '../home/temporary-directory.fixture.ts';

const ELEVEN_MINUTES_S = 11 * 60;
const PATIENT_MS = 60_000;

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  path = join(directory, 'object.lock');
});

const makeOld = (lock: string): void => {
  const takenAtS = Date.now() / 1000 - ELEVEN_MINUTES_S;
  lutimesSync(lock, takenAtS, takenAtS);
};

/** A lock whose process was killed while it held it. */
async function leaveBehind(lock: string): Promise<void> {
  const { until, kill } = startProcess('./store/locking-process.fixture.ts', [lock]);
  await until('held');
  await kill();
}

it('is had by one holder at a time, and free again when that one is done', async () => {
  {
    await using lock = await takeObjectLock(path, 0);
    await expect(takeObjectLock(path, 0)).rejects.toThrow(ObjectLockError);
    await lock.assertHeld();
  }
  expect(await readdir(directory)).toEqual([]);
  await using again = await takeObjectLock(path, 0);
  await again.assertHeld();
});

it('is waited for', async () => {
  const first = await takeObjectLock(path, 0);
  const second = takeObjectLock(path, PATIENT_MS);
  await first[Symbol.asyncDispose]();
  await using lock = await second;
  await lock.assertHeld();
});

it('that was left behind goes to exactly one of many at a time', async () => {
  await leaveBehind(path);
  let inside = 0;
  await Promise.all(
    Array.from({ length: 30 }, async () => {
      await using lock = await takeObjectLock(path, PATIENT_MS);
      inside += 1;
      expect(inside).toBe(1);
      await lock.assertHeld();
      inside -= 1;
    }),
  );
  expect(await readdir(directory)).toEqual([]);
});

it('that was left behind is removed although whoever removed it before was killed too', async () => {
  await leaveBehind(path);
  await leaveBehind(`${path}.removal`);
  await using lock = await takeObjectLock(path, 0);
  await lock.assertHeld();
  expect(await readdir(directory)).toEqual(['object.lock']);
});

it('of an earlier process with the same process id, as after the restart of a container, was left behind', async () => {
  await symlink(`${process.pid}.earlier.1.${hostname()}`, path);
  await using lock = await takeObjectLock(path, 0);
  await lock.assertHeld();
});

it('of another host is respected, for process ids mean nothing there, until it is too old to be held', async () => {
  const mark = `${process.pid}.other.1.elsewhere.example`;
  await symlink(mark, path);
  await expect(takeObjectLock(path, 0)).rejects.toThrow(ObjectLockError);
  expect(await readlink(path)).toBe(mark);
  makeOld(path);
  await using lock = await takeObjectLock(path, 0);
  await lock.assertHeld();
});

it('that was given to another one because its holder stood still is not touched by that holder', async () => {
  const slow = await takeObjectLock(path, 0);
  makeOld(path);
  await using quick = await takeObjectLock(path, 0);
  await expect(slow.assertHeld()).rejects.toThrow(ObjectLockError);
  await slow[Symbol.asyncDispose]();
  await quick.assertHeld();
});

it('that somebody deleted can be given up all the same', async () => {
  const lock = await takeObjectLock(path, 0);
  await unlink(path);
  await lock[Symbol.asyncDispose]();
  expect(await readdir(directory)).toEqual([]);
});

it('fails with the reason of the file system where no lock can be', async () => {
  await mkdir(path);
  await expect(takeObjectLock(path, 0)).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(takeObjectLock(join(directory, 'missing', 'lock'), 0)).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

import { randomUUID } from 'node:crypto';
import { lstat, readlink, symlink, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const RETRY_INTERVAL_MS = 5;

/** Far longer than anyone holds a lock: one this old was left behind, and its process id has gone to another process or host. */
const LOCK_LIFE_MS = 10 * 60 * 1000;

/** Drawn anew by every process, for process ids return: a restarted container's first one is always the same. */
const PROCESS_ID = randomUUID();

/** A lock could not be had in time, or was taken away from a holder that had stood still for longer than a lock lives. */
export class ObjectLockError extends Error {
  override readonly name = 'ObjectLockError';
}

/** The right to write one object, until it is disposed of. */
export interface ObjectLock extends AsyncDisposable {
  /** @throws ObjectLockError when this process was suspended for so long that the lock was given to another writer. */
  assertHeld(): Promise<void>;
}

/**
 * Takes an exclusive lock among all processes of this machine. A lock whose process is gone is removed; one of another host
 * (or container) is respected until it is too old.
 * @param path of the lock, which is a symbolic link to nowhere that names its holder: unlike a file, it comes into being with
 *   its content at once, so no crash leaves a lock that names nobody.
 * @param waitLimitMs how long to wait for a holder that lives, in ms.
 * @throws ObjectLockError when it lives longer than that; the file system's error when the lock cannot be made.
 */
export async function takeObjectLock(path: string, waitLimitMs: number): Promise<ObjectLock> {
  const mark = `${process.pid}.${PROCESS_ID}.${randomUUID()}.${hostname()}`;
  const deadlineMs = performance.now() + waitLimitMs;
  while (!(await tryToTake(path, mark))) {
    if (await removeIfLeftBehind(path, waitLimitMs)) continue;
    if (performance.now() >= deadlineMs) {
      throw new ObjectLockError(`${path} is still held after ${waitLimitMs} ms`);
    }
    await delay(RETRY_INTERVAL_MS);
  }
  return {
    async assertHeld() {
      if ((await read(path))?.mark !== mark) throw new ObjectLockError(`${path} was taken away`);
    },
    async [Symbol.asyncDispose]() {
      if ((await read(path))?.mark === mark) await unlink(path);
    },
  };
}

async function tryToTake(path: string, mark: string): Promise<boolean> {
  try {
    await symlink(mark, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Who finds a lock left behind may find it late, when it was removed and taken anew already. So removing it needs a lock too,
 * and another look under that one: then nobody else can remove what was seen.
 * @returns whether it was left behind, and so is gone now.
 */
async function removeIfLeftBehind(path: string, waitLimitMs: number): Promise<boolean> {
  const seen = await read(path);
  if (!seen || !isLeftBehind(seen)) return false;
  await using removal = await takeObjectLock(`${path}.removal`, waitLimitMs);
  if ((await read(path))?.mark === seen.mark) {
    await removal.assertHeld();
    await unlink(path);
  }
  return true;
}

interface LockOnDisk {
  readonly mark: string;
  readonly takenAtMs: number;
}

async function read(path: string): Promise<LockOnDisk | undefined> {
  try {
    const [mark, { mtimeMs }] = await Promise.all([readlink(path), lstat(path)]);
    return { mark, takenAtMs: mtimeMs };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isLeftBehind({ mark, takenAtMs }: LockOnDisk): boolean {
  if (Date.now() - takenAtMs > LOCK_LIFE_MS) return true;
  const [pid, processId, , ...host] = mark.split('.');
  // Process ids mean nothing outside their host.
  if (host.join('.') !== hostname()) return false;
  if (Number(pid) === process.pid) return processId !== PROCESS_ID;
  return !exists(Number(pid));
}

function exists(pid: number): boolean {
  try {
    // Signal 0 is not delivered: only the checks are made, https://man7.org/linux/man-pages/man2/kill.2.html
    return process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
    if (codeOf(error) === 'EPERM') return true;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

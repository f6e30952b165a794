import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { AgentError } from '../errors.ts';
import { takeObjectLock } from './object-lock.ts';
import type { Expectation, ListedObject, SessionStore, StoredObject } from './session-store.ts';

/** A lock is held for as long as a read and a rename take, so this is only reached when something is wrong with its holder. */
const LOCK_WAIT_LIMIT_MS = 10_000;

export interface DirectorySessionStoreOptions {
  /** How long a write waits for another process that writes the same object, in ms; 10 s unless told otherwise. */
  lockWaitLimitMs?: number;
}

/**
 * The embedded object store, which several processes of one machine may share: an object's key is its path below `root`,
 * its version the SHA-256 of its content in hex.
 */
export class DirectorySessionStore implements SessionStore {
  readonly #root: string;
  readonly #lockWaitLimitMs: number;

  constructor(root: string, { lockWaitLimitMs = LOCK_WAIT_LIMIT_MS }: DirectorySessionStoreOptions = {}) {
    this.#root = root;
    this.#lockWaitLimitMs = lockWaitLimitMs;
  }

  async get(key: string): Promise<StoredObject | undefined> {
    const path = this.#pathOf(key);
    try {
      return await readObject(path);
    } catch (error) {
      throw new AgentError('store_unavailable', 'The session store could not be read', { cause: error });
    }
  }

  async put(key: string, body: Uint8Array, expected?: Expectation): Promise<string> {
    const path = this.#pathOf(key);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await this.#replaceDurably(path, body, expected);
      return versionOf(body);
    } catch (error) {
      if (error instanceof AgentError) throw error;
      throw new AgentError('store_unavailable', 'The session store could not be written', { cause: error });
    }
  }

  async list(prefix: string): Promise<ListedObject[]> {
    const folder = this.#pathOf(prefix);
    try {
      const names = await readdir(folder, { withFileTypes: true, recursive: true });
      const objects = names.filter((item) => item.isFile() && !item.name.endsWith('.draft'));
      const paths = objects.map((item) => join(item.parentPath, item.name));
      return await Promise.all(
        paths.map(async (path) => ({
          key: relative(this.#root, path).replaceAll(sep, '/'),
          modified: (await stat(path)).mtime,
        })),
      );
    } catch (error) {
      if (isMissing(error)) return [];
      throw new AgentError('store_unavailable', 'The session store could not be listed', { cause: error });
    }
  }

  async renew(key: string): Promise<boolean> {
    const path = this.#pathOf(key);
    try {
      const now = new Date();
      await utimes(path, now, now);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw new AgentError('store_unavailable', 'An object of the session store could not be renewed', {
        cause: error,
      });
    }
  }

  async delete(key: string): Promise<void> {
    const path = this.#pathOf(key);
    try {
      await rm(path, { force: true });
    } catch (error) {
      throw new AgentError('store_unavailable', 'The session store could not be cleaned', { cause: error });
    }
  }

  /** The slow part comes before the lock, so that it is held only briefly. */
  async #replaceDurably(path: string, body: Uint8Array, expected: Expectation | undefined): Promise<void> {
    const draft = `${path}.${randomUUID()}.draft`;
    try {
      await writeDurably(draft, body);
      // Also without an expectation: else this write could come between another one's look and its rename.
      await using lock = await takeObjectLock(`${path}.lock`, this.#lockWaitLimitMs);
      if (expected !== undefined) assertAsExpected(await readObject(path), expected);
      await lock.assertHeld();
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    await syncDirectory(dirname(path));
  }

  #pathOf(key: string): string {
    const path = join(this.#root, ...key.split('/'));
    if (!path.startsWith(this.#root + sep)) {
      throw new AgentError('bad_request', `"${key}" is not the key of an object`);
    }
    return path;
  }
}

async function readObject(path: string): Promise<StoredObject | undefined> {
  try {
    const body = await readFile(path);
    return { body, version: versionOf(body) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function versionOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

function assertAsExpected(found: StoredObject | undefined, expected: Expectation): void {
  const version = expected === 'absent' ? undefined : expected.version;
  if (found?.version !== version) {
    throw new AgentError('lease_lost', 'The session was changed by somebody else in the meantime');
  }
}

async function writeDurably(path: string, body: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(body);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Without it, the rename itself may be lost with the power. Windows cannot open a directory, and needs no such call. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

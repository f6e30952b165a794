import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { AgentError } from '../../errors.ts';
import { ConditionFailedError } from './condition-failed-error.ts';
import {
  isMissing,
  openObjectFile,
  syncDirectory,
  syncFile,
  versionOfFile,
  writeDurably,
} from './object-file.ts';
import { takeObjectLock } from './object-lock.ts';
import { gather, unreadable } from './read-object.ts';
import {
  type Expectation,
  type ListedObject,
  type OpenObject,
  type SessionStore,
  type StoredObject,
  WHOLE_OBJECT_LIMIT_BYTES,
} from './session-store.ts';

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
    await using object = await this.open(key);
    if (object === undefined) return undefined;
    if (object.bytes > WHOLE_OBJECT_LIMIT_BYTES) throw unreadable(new RangeError(`${key} is too large`));
    return await gather(object);
  }

  async open(key: string): Promise<OpenObject | undefined> {
    const path = this.#pathOf(key);
    try {
      return await openObjectFile(path);
    } catch (error) {
      throw unreadable(error);
    }
  }

  async put(key: string, body: Uint8Array, expected?: Expectation): Promise<string> {
    const path = this.#pathOf(key);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      return await this.#replaceDurably(key, body, expected);
    } catch (error) {
      if (error instanceof AgentError || error instanceof ConditionFailedError) throw error;
      throw new AgentError('store_unavailable', 'The session store could not be written', { cause: error });
    }
  }

  async copy(from: string, to: string): Promise<boolean> {
    const [source, path] = [this.#pathOf(from), this.#pathOf(to)];
    const draft = `${path}.${randomUUID()}.draft`;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      // Where the file system can share the content, nothing is copied.
      await copyFile(source, draft, constants.COPYFILE_FICLONE);
      await syncFile(draft);
      await rename(draft, path);
      await syncDirectory(dirname(path));
      return true;
    } catch (error) {
      await rm(draft, { force: true });
      if (isMissing(error)) return false;
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
  async #replaceDurably(key: string, body: Uint8Array, expected: Expectation | undefined): Promise<string> {
    const path = this.#pathOf(key);
    const draft = `${path}.${randomUUID()}.draft`;
    try {
      const version = await writeDurably(draft, body);
      // Also without an expectation: else this write could come between another one's look and its rename.
      await using lock = await takeObjectLock(`${path}.lock`, this.#lockWaitLimitMs);
      if (expected !== undefined && !isExpected(await versionOfFile(path), expected)) {
        throw new ConditionFailedError(key);
      }
      await lock.assertHeld();
      await rename(draft, path);
      await syncDirectory(dirname(path));
      return version;
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  #pathOf(key: string): string {
    const path = join(this.#root, ...key.split('/'));
    if (!path.startsWith(this.#root + sep)) {
      throw new AgentError('bad_request', `"${key}" is not the key of an object`);
    }
    return path;
  }
}

function isExpected(found: string | undefined, expected: Expectation): boolean {
  return found === (expected === 'absent' ? undefined : expected.version);
}

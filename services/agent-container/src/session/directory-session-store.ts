import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { AgentError } from '../errors.ts';
import type { SessionStore } from './session-store.ts';

/** The embedded object store: an object's key is its path below `root`. */
export class DirectorySessionStore implements SessionStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(key);
    try {
      return await readFile(path);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw new AgentError('store_unavailable', 'The session store could not be read', { cause: error });
    }
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    const path = this.#pathOf(key);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await replaceDurably(path, body);
    } catch (error) {
      throw new AgentError('store_unavailable', 'The session store could not be written', { cause: error });
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

async function replaceDurably(path: string, body: Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID()}.draft`;
  try {
    await writeDurably(draft, body);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
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

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

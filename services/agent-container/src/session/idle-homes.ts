import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { removeTree } from './remove-tree.ts';
import type { SessionHome } from './session-home.ts';

/** What may stay on this machine for sessions that do not run: it only saves fetching. */
export interface IdleHomeLimits {
  readonly homes: number;
  /** Of all of them, as they were when they were saved. */
  readonly bytes: number;
  /** Another process on this machine may use a home that is younger, in ms since it was saved. */
  readonly idleMs: number;
}

const IDLE_HOME_LIMITS: IdleHomeLimits = { homes: 32, bytes: 2 * 1024 ** 3, idleMs: 10 * 60 * 1000 };

/** Says that the home can be had again from the store, and how large it is; its time is that of the last save. */
const MARK = 'saved.json';
const markSchema = z.object({ bytes: z.number() });
const REMOVED = '.removed-';

/** Homes that runs of this process are in. */
const inUse = new Map<string, number>();

/** Keeps a home from being removed until it is disposed of. */
export function useHome({ root }: SessionHome): Disposable {
  inUse.set(root, (inUse.get(root) ?? 0) + 1);
  return {
    [Symbol.dispose]() {
      const left = (inUse.get(root) ?? 1) - 1;
      if (left === 0) inUse.delete(root);
      else inUse.set(root, left);
    },
  };
}

/** @param bytes what the session's files take. */
export async function markSaved(home: SessionHome, bytes: number): Promise<void> {
  await writeFile(join(home.root, MARK), JSON.stringify({ bytes }), { mode: 0o600 });
}

/**
 * Removes the homes that were saved longest ago until the rest is within the limits. A home that was never saved is kept: nobody
 * else has what is in it.
 */
export async function removeIdleHomes(
  workRoot: string,
  limits: IdleHomeLimits = IDLE_HOME_LIMITS,
): Promise<void> {
  const names = await readdir(workRoot);
  // A process that was killed while it removed one.
  for (const name of names) if (name.startsWith(REMOVED)) await removeTree(join(workRoot, name));
  const homes = (await Promise.all(names.map((name) => look(join(workRoot, name))))).filter(
    (home) => home !== undefined,
  );
  homes.sort((a, b) => b.savedAtMs - a.savedAtMs);
  let bytes = 0;
  for (const [index, home] of homes.entries()) {
    bytes += home.bytes;
    const isOver = index >= limits.homes || bytes > limits.bytes;
    const isIdle = !inUse.has(home.root) && Date.now() - home.savedAtMs >= limits.idleMs;
    if (isOver && isIdle) await remove(workRoot, home.root);
  }
}

/** Out of sight at once, so that a session that comes back meets a whole home or none. */
async function remove(workRoot: string, root: string): Promise<void> {
  const grave = join(workRoot, `${REMOVED}${randomUUID()}`);
  await rename(root, grave);
  await removeTree(grave);
}

async function look(root: string): Promise<{ root: string; savedAtMs: number; bytes: number } | undefined> {
  const mark = join(root, MARK);
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(mark, 'utf8'), stat(mark)]);
    return { root, savedAtMs: mtimeMs, bytes: markSchema.safeParse(JSON.parse(text)).data?.bytes ?? 0 };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // A mark that is cut off stands for a save that was not finished.
    if (code === 'ENOENT' || code === 'ENOTDIR' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

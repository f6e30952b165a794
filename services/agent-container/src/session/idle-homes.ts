import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sessionPathSchema } from '@omnicloud/protocol';
import { z } from 'zod';
import { removeTree } from './remove-tree.ts';
import { lstatIfThere } from './scan-home.ts';
import type { SessionHome } from './session-home.ts';

/** What may stay on this machine for sessions that do not run: it only saves fetching. */
export interface IdleHomeLimits {
  readonly homes: number;
  /** Of all of them, as they were when they were saved. */
  readonly bytes: number;
  /** What is to be free on the disk, whatever fills it: what is never saved is in no home's figures. In bytes. */
  readonly freeBytes: number;
  /** Another process on this machine may use a home that is younger, in ms since it was saved. */
  readonly idleMs: number;
  /** The same for one that was never saved, in ms since it came into being: its first turn may still run. */
  readonly unsavedMs: number;
}

/** Where other processes may share the work folder. */
const IDLE_HOME_LIMITS: IdleHomeLimits = {
  homes: 32,
  bytes: 2 * 1024 ** 3,
  freeBytes: 1024 ** 3,
  idleMs: 10 * 60 * 1000,
  unsavedMs: 24 * 60 * 60 * 1000,
};

/** Where nobody else does, such as in a function: what does not run now is idle. */
export const LONE_HOME_LIMITS: IdleHomeLimits = { ...IDLE_HOME_LIMITS, idleMs: 0, unsavedMs: 0 };

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
 * Removes the homes that were used longest ago until the rest is within the limits. One that was never saved goes like the others:
 * its next restore would not keep what is in it either.
 */
export async function removeIdleHomes(
  workRoot: string,
  limits: IdleHomeLimits = IDLE_HOME_LIMITS,
): Promise<void> {
  const names = await namesIn(workRoot);
  // A process that was killed while it removed one.
  for (const name of names) if (name.startsWith(REMOVED)) await removeTree(join(workRoot, name));
  const homes = (await Promise.all(names.map((name) => look(workRoot, name, limits)))).filter(
    (home) => home !== undefined,
  );
  homes.sort((a, b) => b.usedAtMs - a.usedAtMs);
  let bytes = 0;
  const isOver = homes.map((home, index) => {
    bytes += home.bytes;
    return index >= limits.homes || bytes > limits.bytes;
  });
  for (const [index, home] of [...homes.entries()].reverse())
    if (home.isIdle && (isOver[index] === true || (await freeBytes(workRoot)) < limits.freeBytes))
      await remove(workRoot, home.root);
}

/** Before the first session there is no such folder. */
async function namesIn(workRoot: string): Promise<string[]> {
  try {
    return await readdir(workRoot);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** Out of sight at once, so that a session that comes back meets a whole home or none. */
async function remove(workRoot: string, root: string): Promise<void> {
  const grave = join(workRoot, `${REMOVED}${randomUUID()}`);
  try {
    await rename(root, grave);
  } catch (error) {
    // Another process on this machine was faster.
    if (isMissing(error)) return;
    throw error;
  }
  await removeTree(grave);
}

interface Home {
  readonly root: string;
  readonly usedAtMs: number;
  readonly bytes: number;
  readonly isIdle: boolean;
}

/** @returns undefined for what is no home. */
async function look(workRoot: string, name: string, limits: IdleHomeLimits): Promise<Home | undefined> {
  if (!sessionPathSchema.safeParse({ session_id: name }).success) return undefined;
  const root = join(workRoot, name);
  const isUnused = !inUse.has(root);
  const saved = await readMark(join(root, MARK));
  if (saved) return { root, ...saved, isIdle: isUnused && Date.now() - saved.usedAtMs >= limits.idleMs };
  const stats = await lstatIfThere(root);
  if (!stats) return undefined;
  const usedAtMs = stats.mtimeMs;
  return { root, usedAtMs, bytes: 0, isIdle: isUnused && Date.now() - usedAtMs >= limits.unsavedMs };
}

async function readMark(mark: string): Promise<{ usedAtMs: number; bytes: number } | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(mark, 'utf8'), stat(mark)]);
    return { usedAtMs: mtimeMs, bytes: markSchema.safeParse(JSON.parse(text)).data?.bytes ?? 0 };
  } catch (error) {
    // A mark that is cut off stands for a save that was not finished.
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

import { isUtf8 } from 'node:buffer';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { lstat, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { directoryBatchesInBytes } from '../store/directory-batches.ts';

const run = promisify(execFile);

/**
 * Removes a file, a link or a directory with all that is in it, also directories that were shut to their owner, and what lies so
 * deep that no path names it from the root: a shell makes such a tree by walking into it.
 * @throws the system's error when something cannot be removed.
 */
export async function removeTree(path: string): Promise<void> {
  const stats = await lstat(path).catch(undefinedWhenMissing);
  if (stats === undefined) return;
  if (!stats.isDirectory() || process.platform === 'win32') {
    await rm(path, { recursive: true, force: true });
    return;
  }
  if (await wasEmpty(path)) return;
  // A program of its own: Node lists a whole directory at once, and one of a million files would hold the server up for seconds. It also
  // walks down, where Node names everything from the root; no link is followed on the way.
  try {
    await run('rm', ['-rf', '--', path]);
  } catch (error) {
    // No program can be started now: slower, and as good for all but the strangest trees.
    if (isNotStarted(error)) return rm(path, { recursive: true, force: true });
    // Something in it is shut, or another process still writes there.
    await run('chmod', ['-R', 'u+rwX', '--', path]);
    await run('rm', ['-rf', '--', path]);
  }
}

/** A program that ran and failed has a number for its code. */
function isNotStarted(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

async function wasEmpty(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EACCES' || code === 'EPERM') return false;
    if (code === 'ENOENT') return true;
    throw error;
  }
}

/** Removes from a directory what has a name that is no text: we could name it neither to others nor to ourselves. */
export async function removeUnnamable(directory: string): Promise<void> {
  for await (const entries of directoryBatchesInBytes(directory)) {
    for (const { name } of entries) {
      if (isUtf8(name)) continue;
      const named = join(directory, `.removed-${randomUUID()}`);
      await rename(Buffer.concat([Buffer.from(`${directory}/`), name]), named);
      await removeTree(named);
    }
  }
}

/** @returns whether a path was longer than the system takes. */
export function isTooLong(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENAMETOOLONG';
}

function undefinedWhenMissing(error: unknown): undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
}

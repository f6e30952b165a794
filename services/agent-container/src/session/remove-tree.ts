import { isUtf8 } from 'node:buffer';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Removes a file, a link or a directory with all that is in it, also directories that were shut to their owner, and what lies so
 * deep that no path names it from the root: a shell makes such a tree by walking into it.
 * @throws the system's error when something cannot be removed.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!isTooLong(error) && !isShut(error)) throw error;
    // They walk down too, where Node names everything from the root; no link is followed on the way.
    await run('chmod', ['-R', 'u+rwX', '--', path]);
    await run('rm', ['-rf', '--', path]);
  }
}

/** Removes from a directory what has a name that is no text: we could name it neither to others nor to ourselves. */
export async function removeUnnamable(directory: string): Promise<void> {
  for (const name of await readdir(directory, { encoding: 'buffer' })) {
    if (isUtf8(name)) continue;
    const named = join(directory, `.removed-${randomUUID()}`);
    await rename(Buffer.concat([Buffer.from(`${directory}/`), name]), named);
    await removeTree(named);
  }
}

/** @returns whether a path was longer than the system takes. */
export function isTooLong(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENAMETOOLONG';
}

function isShut(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM');
}

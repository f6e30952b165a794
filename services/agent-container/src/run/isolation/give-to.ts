import { execFile } from 'node:child_process';
import { lchown } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * Makes somebody the owner of a directory and all that is in it; links are changed themselves, never followed. A program does it, which
 * walks down: an agent may make folders ten thousand deep, names that are no text, and millions of files.
 * @throws the system's error when the directory itself cannot be given away.
 */
export async function giveTo(path: string, uid: number, gid: number): Promise<void> {
  await lchown(path, uid, gid);
  await promisify(execFile)('chown', ['-hR', `${uid}:${gid}`, '--', path]);
}

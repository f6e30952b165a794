import { lchown, readdir } from 'node:fs/promises';

/**
 * Makes somebody the owner of a directory and all that is in it; links are changed themselves, never followed.
 * Names are taken as bytes: an agent may choose some that are no text. What lies too deep to be named from the root was
 * made by somebody inside, and is theirs.
 */
export async function giveTo(path: string | Buffer, uid: number, gid: number): Promise<void> {
  await lchown(path, uid, gid);
  for (const entry of await readdir(path, { withFileTypes: true, encoding: 'buffer' })) {
    const child = Buffer.concat([Buffer.from(path), Buffer.from('/'), entry.name]);
    if (child.byteLength >= MAX_PATH_BYTES) continue;
    if (entry.isDirectory()) await giveTo(child, uid, gid);
    else await lchown(child, uid, gid);
  }
}

/** `PATH_MAX` of Linux, with the NUL at its end. */
const MAX_PATH_BYTES = 4_096;

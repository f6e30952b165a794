import { lchown } from 'node:fs/promises';
import { directoryBatchesInBytes } from '../../session/directory-batches.ts';
import { inParallel } from '../../session/in-parallel.ts';

/**
 * Makes somebody the owner of a directory and all that is in it; links are changed themselves, never followed.
 * Names are taken as bytes: an agent may choose some that are no text. What lies too deep to be named from the root was
 * made by somebody inside, and is theirs.
 */
export async function giveTo(path: string | Buffer, uid: number, gid: number): Promise<void> {
  const folders: (string | Buffer)[] = [path];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    await lchown(folder, uid, gid);
    const parent = Buffer.from(folder);
    for await (const entries of directoryBatchesInBytes(folder)) {
      await inParallel(entries, async (entry) => {
        const child = Buffer.concat([parent, Buffer.from('/'), entry.name]);
        if (child.byteLength >= MAX_PATH_BYTES) return;
        if (entry.isDirectory()) folders.push(child);
        else await lchown(child, uid, gid);
      });
    }
  }
}

/** `PATH_MAX` of Linux, with the NUL at its end. */
const MAX_PATH_BYTES = 4_096;

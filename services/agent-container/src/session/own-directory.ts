import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lstatIfThere } from './scan-home.ts';

/**
 * Makes a directory that only we can enter. Walks down from `root` and replaces whatever on the way is no directory: through
 * a link, what is written later would land elsewhere.
 * @param path relative to the root, with `/` between its parts.
 */
export async function ownDirectory(root: string, path: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const parts = path.split('/');
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const directory = join(root, ...parts.slice(0, depth));
    const stats = await lstatIfThere(directory);
    if (stats?.isDirectory() === true) continue;
    if (stats) await rm(directory, { force: true });
    await mkdir(directory, { recursive: true, mode: 0o700 });
  }
}

import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { removeTree } from '../home/remove-tree.ts';
import type { SessionHome } from '../home/session-home.ts';

/**
 * Removes at once what a run took that filled the disk, for others wait for the space. The debug log stays in the home: it is still to be
 * saved, and a full disk takes no copy of it.
 * @throws the system's error when something cannot be removed.
 */
export async function dropAllButLog(home: SessionHome): Promise<void> {
  await removeAllBut(home.root, basename(home.config));
  await removeAllBut(home.config, basename(dirname(home.debugLog)));
}

async function removeAllBut(folder: string, kept: string): Promise<void> {
  for (const name of await readdir(folder)) if (name !== kept) await removeTree(join(folder, name));
}

import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WORKSPACE_FOLDER } from './confined-path.ts';
import { isTooLong, removeTree, removeUnnamable } from './remove-tree.ts';
import { excluder, inDirectory, sideFolders } from './scan-home.ts';
import type { SessionHome } from './session-home.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Removes what an unfinished run left in a home: everything that the snapshot does not name, except what is never saved and what
 * was over the limit. Links are removed, not followed.
 * @param excludes patterns of what is never saved.
 */
export async function removeOthers(
  snapshot: Snapshot,
  home: SessionHome,
  excludes: readonly string[],
): Promise<void> {
  const kept = new Set([...snapshot.entries.map(({ path }) => path), ...snapshot.left_out]);
  const isExcluded = excluder(excludes);
  /** @returns whether nothing is left in the folder. */
  const clear = async (folder: string): Promise<boolean> => {
    const directory = join(home.root, folder);
    let isEmpty = true;
    if (await inDirectory(directory)) await removeUnnamable(directory);
    for (const item of (await inDirectory(directory)) ?? []) {
      const path = `${folder}/${item.name}`;
      const isDirectory = item.isDirectory();
      if (path.startsWith(`${WORKSPACE_FOLDER}/`) && isExcluded(path, isDirectory)) isEmpty = false;
      else if (isDirectory && (!(await clearOrRemove(path)) || kept.has(path))) isEmpty = false;
      else if (isDirectory) await rmdir(join(directory, item.name));
      else if (kept.has(path)) isEmpty = false;
      else await removeTree(join(directory, item.name));
    }
    return isEmpty;
  };
  /** No snapshot names what is too deep for a path. */
  const clearOrRemove = async (folder: string): Promise<boolean> => {
    try {
      return await clear(folder);
    } catch (error) {
      if (!isTooLong(error)) throw error;
      await removeTree(join(home.root, folder));
      await mkdir(join(home.root, folder), { mode: 0o700 });
      return true;
    }
  };
  await clear(WORKSPACE_FOLDER);
  for (const folder of sideFolders(home)) await clear(folder);
}

import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WORKSPACE_FOLDER } from '../home/confined-path.ts';
import { isTooLong, removeTree, removeUnnamable } from '../home/remove-tree.ts';
import { excluder, inDirectory, isTooDeep, openToOwner, sideFolders } from '../home/scan-home.ts';
import type { SessionHome } from '../home/session-home.ts';
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
    if (await openToOwner(directory)) await removeUnnamable(directory);
    // Gone into when this one is closed: however deep they lie, one is open at a time.
    const below: string[] = [];
    for await (const items of inDirectory(directory)) {
      for (const item of items) {
        const path = `${folder}/${item.name}`;
        const isDirectory = item.isDirectory();
        if (path.startsWith(`${WORKSPACE_FOLDER}/`) && isExcluded(path, isDirectory)) isEmpty = false;
        else if (isDirectory && !isTooDeep(path)) below.push(path);
        else if (kept.has(path)) isEmpty = false;
        else await removeTree(join(home.root, path));
      }
    }
    for (const path of below) {
      if (!(await clearOrRemove(path)) || kept.has(path)) isEmpty = false;
      else await rmdir(join(home.root, path));
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

// an agent's config directory → what of it is the session's own stays, plain files and directories alone → all else is removed
import { rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { inParallel } from './in-parallel.ts';
import { removeTree, removeUnnamable } from './remove-tree.ts';
import { inDirectory, lstatIfThere, openToOwner, sideFolders } from './scan-home.ts';
import type { SessionHome } from './session-home.ts';

/**
 * A confined agent may write its config directory, and we read there as ourselves: what it put in the place of a transcript or a
 * folder must not lead us elsewhere (a link), keep us waiting (a pipe), or teach its next run anything (settings, hooks,
 * plugins). Nothing of the run may be alive any more.
 * @throws the system's error when something cannot be removed.
 */
export async function removeForeign(home: SessionHome): Promise<void> {
  const inHome = (path: string): string => relative(home.root, path).split(sep).join('/');
  const folders = [...sideFolders(home), inHome(home.tasks)];
  const files = new Set([inHome(home.transcript), inHome(home.debugLog)]);
  const isOwn = (path: string): boolean => folders.some((own) => path === own || path.startsWith(`${own}/`));
  const leadsToOwn = (path: string): boolean =>
    [...folders, ...files].some((own) => own.startsWith(`${path}/`));
  const clear = async (folder: string): Promise<void> => {
    const directory = join(home.root, folder);
    if (await openToOwner(directory)) await removeUnnamable(directory);
    // Gone into when this one is closed: however deep they lie, one is open at a time.
    const below: string[] = [];
    for await (const items of inDirectory(directory)) {
      await inParallel(items, async (item) => {
        const path = `${folder}/${item.name}`;
        if (item.isDirectory() && (isOwn(path) || leadsToOwn(path))) below.push(path);
        else if (!item.isFile() || !(isOwn(path) || files.has(path))) await removeTree(join(home.root, path));
      });
    }
    for (const path of below) await clear(path);
  };
  for (const directory of [home.config, home.workspace, home.temporary]) {
    const stats = await lstatIfThere(directory);
    if (stats && !stats.isDirectory()) await rm(directory, { force: true });
  }
  await clear(inHome(home.config));
}

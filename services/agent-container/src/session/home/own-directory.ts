import { mkdir, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
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

/** Makes directories below one root that is nobody else's for as long as this is used, each of them once. */
export class OwnDirectories {
  readonly #root: string;
  readonly #made = new Map<string, Promise<void>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** As `ownDirectory`; asked together, for directories with parents in common, too. */
  make(path: string): Promise<void> {
    const known = this.#made.get(path);
    if (known) return known;
    const parent = posix.dirname(path);
    const made = (parent === '.' ? Promise.resolve() : this.make(parent)).then(() =>
      ownDirectory(this.#root, path),
    );
    this.#made.set(path, made);
    return made;
  }
}

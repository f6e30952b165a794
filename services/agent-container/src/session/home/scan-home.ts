// the session's home → every file, link and empty directory that belongs to the session, within the limits → what is left out
import type { Dirent, Stats } from 'node:fs';
import { chmod, lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { directoryBatches } from '../store/directory-batches.ts';
import { isConfinedLink, isConfinedPath, WORKSPACE_FOLDER } from './confined-path.ts';
import { knownDigest } from './file-digest.ts';
import { inParallel } from './in-parallel.ts';
import { PROJECT_DIRECTORY_NAME, type SessionHome } from './session-home.ts';

/** How much of a workspace is saved. */
export interface WorkspaceLimits {
  readonly bytes: number;
  /** Files, links and empty directories together. */
  readonly files: number;
  /** Patterns as in a .gitignore, for what can be had again elsewhere: it is neither saved nor removed. */
  readonly excludes: readonly string[];
}

export const WORKSPACE_LIMITS: WorkspaceLimits = {
  bytes: 256 * 1024 * 1024,
  files: 20_000,
  excludes: ['node_modules/', '.venv/', '__pycache__/', '.cache/', '.npm/', '*.sock'],
};

/** For what the CLI keeps beside the transcript: large tool results and the transcripts of subagents. */
const SIDE_LIMITS = { bytes: 256 * 1024 * 1024, files: 20_000 };

/**
 * Of the paths of all that is saved of the workspace, or beside it, as JSON has them, in bytes. The snapshot names each twice, and is held
 * and parsed as a whole. 20,000 files have room for 200 bytes each.
 */
const PATHS_LIMIT_BYTES = 4 * 1024 * 1024;

/** Deeper or larger trees are not walked to their end: whoever makes a million files must not stop the server. */
const MAX_ENTRIES_SEEN = 250_000;

/**
 * Folders in folders, counted from the home: nobody nests so deep, and each look at what lies deeper takes the kernel the whole way from the
 * root.
 */
const MAX_DEPTH = 100;

/** @returns whether the path is so deep that it is not saved. */
export function isTooDeep(path: string): boolean {
  return path.split('/', MAX_DEPTH + 1).length > MAX_DEPTH;
}

interface Found {
  /** Relative to the home, with `/` between its parts. */
  readonly path: string;
  readonly modified: Date;
}
interface FoundFile extends Found {
  readonly type: 'file';
  readonly size: number;
  readonly mode: number;
  /** Of its content, when it is known without reading it. */
  readonly sha256: string | undefined;
}
type FoundEntry =
  | FoundFile
  | (Found & { readonly type: 'link'; readonly target: string })
  | (Found & { readonly type: 'directory' });

/** What is to be saved of a home, in the order of its paths, and what of its workspace is not. */
export interface Scan {
  readonly entries: readonly FoundEntry[];
  /** Paths that were over the limit. */
  readonly overLimit: readonly string[];
  /** Links that lead out of the workspace, and what is no file at all. */
  readonly unsavable: readonly string[];
}

/** Where the CLI keeps the files of its checkpoints, relative to the home. */
export const CHECKPOINT_FOLDER = 'config/file-history';

/** @returns the folders of the home, relative to it, whose content is saved beside the transcript. */
export function sideFolders({ sessionId }: SessionHome): readonly string[] {
  const project = `config/projects/${PROJECT_DIRECTORY_NAME}`;
  return [
    `${project}/${sessionId}`,
    `${project}/memory`,
    // Of subagents whose file says `memory: user`.
    'config/agent-memory',
    'config/plans',
    `${CHECKPOINT_FOLDER}/${sessionId}`,
  ];
}

/** @returns which paths of the workspace, relative to the home, are neither saved nor removed. */
export function excluder(patterns: readonly string[]): (path: string, isDirectory: boolean) => boolean {
  const rules: Ignore = ignore().add([...patterns]);
  return (path, isDirectory) => {
    const inside = path.slice(WORKSPACE_FOLDER.length + 1);
    return rules.ignores(isDirectory ? `${inside}/` : inside);
  };
}

/** Looks at everything, follows no link and opens no file. A file that vanishes meanwhile is passed over. */
export async function scanHome(home: SessionHome, limits: WorkspaceLimits): Promise<Scan> {
  const isExcluded = excluder(limits.excludes);
  const workspace = await walk(home, WORKSPACE_FOLDER, isExcluded);
  const side = { entries: [] as FoundEntry[], unsavable: [] as string[] };
  for (const folder of sideFolders(home)) {
    const found = await walk(home, folder, () => false);
    side.entries.push(...found.entries.filter(({ type }) => type === 'file'));
  }
  const kept = within(workspace.entries, limits);
  const sideKept = within(side.entries, SIDE_LIMITS);
  return {
    entries: [...kept.entries, ...sideKept.entries].sort((a, b) => (a.path < b.path ? -1 : 1)),
    overLimit: [...kept.overLimit, ...sideKept.overLimit],
    unsavable: workspace.unsavable,
  };
}

/** The smallest first, so that the most files are kept; which ones does not depend on the order in which they were made. */
function within(
  entries: readonly FoundEntry[],
  limits: { bytes: number; files: number },
): { entries: FoundEntry[]; overLimit: string[] } {
  const bySize = [...entries].sort((a, b) => sizeOf(a) - sizeOf(b) || (a.path < b.path ? -1 : 1));
  let [bytes, pathBytes] = [0, 0];
  const kept = bySize.filter((entry, index) => {
    bytes += sizeOf(entry);
    pathBytes += jsonBytes(entry.path) + (entry.type === 'link' ? jsonBytes(entry.target) : 0);
    return bytes <= limits.bytes && index < limits.files && pathBytes <= PATHS_LIMIT_BYTES;
  });
  return { entries: kept, overLimit: bySize.slice(kept.length).map(({ path }) => path) };
}

export function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

function sizeOf(entry: FoundEntry): number {
  return entry.type === 'file' ? entry.size : 0;
}

async function walk(
  home: SessionHome,
  top: string,
  isExcluded: (path: string, isDirectory: boolean) => boolean,
): Promise<{ entries: FoundEntry[]; unsavable: string[] }> {
  const entries: FoundEntry[] = [];
  const unsavable: string[] = [];
  const folders = [top];
  for (let seen = 0, folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    let isEmpty = true;
    for await (const items of inDirectory(join(home.root, folder))) {
      isEmpty = false;
      seen += items.length;
      if (seen > MAX_ENTRIES_SEEN) return { entries, unsavable: [...unsavable, folder] };
      const files: string[] = [];
      for (const item of items) {
        const path = `${folder}/${item.name}`;
        if (isExcluded(path, item.isDirectory())) continue;
        if (isTooDeep(path) || !isConfinedPath(path)) unsavable.push(path);
        else if (item.isDirectory()) folders.push(path);
        else files.push(path);
      }
      const looked = await inParallel(files, async (path) => ({ path, found: await look(home, path) }));
      for (const { path, found } of looked) {
        if (found === 'unsavable') unsavable.push(path);
        else if (found) entries.push(found);
      }
    }
    if (isEmpty && folder !== top) {
      const stats = await lstatIfThere(join(home.root, folder));
      if (stats) entries.push({ type: 'directory', path: folder, modified: stats.mtime });
    }
  }
  return { entries, unsavable };
}

async function look(home: SessionHome, path: string): Promise<FoundEntry | 'unsavable' | undefined> {
  const absolute = join(home.root, path);
  const stats = await ifThere(lstat(absolute, { bigint: true }));
  if (!stats) return undefined;
  const found = { path, modified: stats.mtime };
  if (stats.isFile()) {
    const mode = Number(stats.mode);
    await giveOwner(absolute, mode, 0o600);
    const sha256 = knownDigest(absolute, stats);
    return { type: 'file', ...found, size: Number(stats.size), mode: mode & 0o777, sha256 };
  }
  if (!stats.isSymbolicLink()) return 'unsavable';
  const target = await readlink(absolute);
  return isConfinedLink(path, target) ? { type: 'link', ...found, target } : 'unsavable';
}

/** What is in the directory itself, piece by piece; nothing when there is none, or a link or a file in its place. */
export async function* inDirectory(path: string): AsyncGenerator<Dirent[], void, undefined> {
  if (await openToOwner(path)) yield* directoryBatches(path);
}

/** @returns whether it is a directory, which its owner may look into from now on. */
export async function openToOwner(path: string): Promise<boolean> {
  // A link that took a directory's place is not followed: the directory is opened by its parent's listing only.
  const stats = await lstatIfThere(path);
  if (stats?.isDirectory() !== true) return false;
  await giveOwner(path, stats.mode, 0o700);
  return true;
}

/** Whoever made it may have shut it, to its owner too. It is no link. */
async function giveOwner(path: string, mode: number, rights: number): Promise<void> {
  if ((mode & rights) !== rights) await chmod(path, (mode & 0o777) | rights);
}

export function lstatIfThere(path: string): Promise<Stats | undefined> {
  return ifThere(lstat(path));
}

async function ifThere<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // The last: so deep in a tree that it cannot be named from the root.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    throw error;
  }
}

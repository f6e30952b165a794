import { execFile } from 'node:child_process';
import { chmod, lstat, opendir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { promisify } from 'node:util';
import { inParallel } from '../../session/home/in-parallel.ts';

/** The system counts blocks of this size, whatever those of the disk are; in bytes. */
const BLOCK_BYTES = 512;
/** Names that are looked at together, and that are held in memory. */
const BATCH = 256;
/** Folders in folders: what lies deeper is left to `du`, which walks down, where each look of ours begins at the root. */
const MAX_DEPTH = 64;
/** `du` walks where no path leads; a tree is given up after this. In ms. */
const DU_TIMEOUT_MS = 2_000;

export interface Measuring {
  /** No matter how much it is beyond that; in bytes. */
  readonly enoughBytes: number;
  /** What was counted until then is the answer; in ms. */
  readonly timeLimitMs: number;
  /**
   * What each file, link and directory counts at least, on average: a disk may have no room for another file although it has bytes. 0 unless
   * given.
   */
  readonly bytesPerFile?: number;
}

/**
 * Counts what a tree takes on the disk. An agent may be changing it meanwhile and may have made it to be counted badly: directories are read
 * piece by piece, no link is followed, what is shut is opened, and what lies too deep for a path is left to `du`.
 * @returns bytes; a file with several names counts once in all, if they lie in the tree.
 */
export async function homeSize(
  root: string,
  { enoughBytes, timeLimitMs, bytesPerFile = 0 }: Measuring,
): Promise<number> {
  const endsAtMs = performance.now() + timeLimitMs;
  const folders = [root];
  const rootDepth = depthOf(root);
  let [bytes, files] = [0, 0];
  const taken = (): number => Math.max(bytes, files * bytesPerFile);
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const parent = folder;
    if (depthOf(parent) - rootDepth > MAX_DEPTH) {
      bytes += await measureByDu(parent, Math.max(1, endsAtMs - performance.now()));
      if (taken() > enoughBytes || performance.now() > endsAtMs) return taken();
      continue;
    }
    for await (const names of batchesOf(parent)) {
      const looked = await inParallel(names, (name) => look(join(parent, name)));
      for (const [index, found] of looked.entries()) {
        bytes += found.bytes;
        if (found.isFolder) folders.push(join(folder, names[index] ?? ''));
      }
      files += names.length;
      if (taken() > enoughBytes || performance.now() > endsAtMs) return taken();
    }
  }
  return taken();
}

function depthOf(path: string): number {
  return path.split(sep).length;
}

async function look(path: string): Promise<{ bytes: number; isFolder: boolean }> {
  try {
    const stats = await lstat(path);
    // Windows counts no blocks; elsewhere, a file may be larger than what it takes.
    const taken = process.platform === 'win32' ? stats.size : stats.blocks * BLOCK_BYTES;
    return {
      bytes: taken / Math.max(1, stats.nlink === 0 || stats.isDirectory() ? 1 : stats.nlink),
      isFolder: stats.isDirectory(),
    };
  } catch (error) {
    if (hasCode(error, 'ENAMETOOLONG'))
      return { bytes: await measureByDu(join(path, '..')), isFolder: false };
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')) return { bytes: 0, isFolder: false };
    throw error;
  }
}

async function* batchesOf(folder: string): AsyncGenerator<string[], void, undefined> {
  let names: string[] = [];
  try {
    for await (const item of await openFolder(folder)) {
      names.push(item.name);
      if (names.length < BATCH) continue;
      yield names;
      names = [];
    }
  } catch (error) {
    // It has gone meanwhile, or it is another user's.
    if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ENAMETOOLONG')) throw error;
  }
  if (names.length > 0) yield names;
}

async function openFolder(folder: string): ReturnType<typeof opendir> {
  try {
    return await opendir(folder);
  } catch (error) {
    if (!hasCode(error, 'EACCES')) throw error;
    await chmod(folder, 0o700);
    return opendir(folder);
  }
}

async function measureByDu(folder: string, timeout = DU_TIMEOUT_MS): Promise<number> {
  try {
    const { stdout } = await promisify(execFile)('du', ['-sk', '--', folder], { timeout });
    return Number.parseInt(stdout) * 1024 || 0;
  } catch {
    // Without `du`, or without an answer in time: what cannot be counted shows in the free space.
    return 0;
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

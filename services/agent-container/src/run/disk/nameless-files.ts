import { readdir, readFile, stat } from 'node:fs/promises';
import { allProcesses } from '../isolation/process-group.ts';

/** The system counts blocks of this size; in bytes. */
const BLOCK_BYTES = 512;
/** What is looked at of one run. */
const MOST_DESCRIPTORS = 20_000;

/**
 * Counts what the processes of a run hold open of files that have no name any more: such files fill the disk, and no folder shows them.
 * @param pid of the run's first process; all its descendants are looked at, as far as this process may.
 * @param device that the files are on, as `stat` names it.
 * @returns bytes; 0 where the system has no `/proc`.
 */
export async function namelessBytes(pid: number, device: number): Promise<number> {
  if (process.platform !== 'linux') return 0;
  const files = new Map<number, number>();
  let seen = 0;
  for (const each of await descendantsOf(pid)) {
    for (const name of await orNone(readdir(`/proc/${each}/fd`))) {
      seen += 1;
      if (seen > MOST_DESCRIPTORS) return total(files);
      const stats = await orUndefined(stat(`/proc/${each}/fd/${name}`));
      if (stats?.isFile() === true && stats.nlink === 0 && stats.dev === device)
        files.set(stats.ino, stats.blocks * BLOCK_BYTES);
    }
  }
  return total(files);
}

function total(files: ReadonlyMap<number, number>): number {
  return [...files.values()].reduce((sum, bytes) => sum + bytes, 0);
}

async function descendantsOf(pid: number): Promise<number[]> {
  const children = Map.groupBy(await allProcesses(), ({ parent }) => parent);
  const found = [pid];
  // The list grows while it is walked.
  for (const each of found) found.push(...(children.get(each) ?? []).map((child) => child.pid));
  return found;
}

/** @returns the number in a file that names a process; undefined when there is none. */
export async function processIn(file: string): Promise<number | undefined> {
  const pid = Number(await orUndefined(readFile(file, 'utf8')));
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

async function orNone(reading: Promise<string[]>): Promise<string[]> {
  return (await orUndefined(reading)) ?? [];
}

/** A process may end at any moment, and another user's may not be looked into. */
async function orUndefined<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch {
    return undefined;
  }
}

// a process's group of version 2 → the group that is ours to divide, without processes of its own → its controllers passed down to groups in it
import { mkdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { GroupPlace } from './group-places.ts';

/** Where the server and whoever is beside it goes when groups are made in their own. */
const SERVER_GROUP = 'omnicloud-server';
/** A process may start others while it is moved. */
const MOVE_ROUNDS = 20;

/** What came of it. */
interface ReadyGroup<Name extends string> {
  /** Groups can be made in it; undefined: there is none. */
  readonly folder: string | undefined;
  /** What groups in it keep. */
  readonly keeps: readonly Name[];
  /** In words, why not more. */
  readonly why?: string;
  readonly undo: () => Promise<void>;
}

/**
 * Version 2 has two rules (the kernel's Documentation/admin-guide/cgroup-v2.rst). A group other than the root of all either has processes or
 * divides memory among groups in it ("No Internal Process Constraint"). And each part of the tree has one owner: on a machine with systemd
 * that is systemd, except below a unit that says `Delegate=` (https://systemd.io/CGROUP_DELEGATION/). So these are ours to divide:
 * - the root of all: whoever is there has a machine without such an owner;
 * - the topmost group that a container sees: its processes are moved into a group in it first, ourselves among them;
 * - the group above ours, if that is a unit's: systemd puts processes below a unit's group only where `DelegateSubgroup=` says so.
 * @param wanted controllers, by their names.
 * @throws the system's error for another reason than a refusal.
 */
export async function readyVersion2<Name extends string>(
  place: GroupPlace,
  wanted: readonly Name[],
): Promise<ReadyGroup<Name>> {
  const undone: (() => Promise<void>)[] = [];
  const undo = async (): Promise<void> => {
    // What cannot be taken back harms nobody: the processes are where they were moved to.
    for (const step of undone.toReversed()) await step().catch(refusal);
    undone.length = 0;
  };
  const none = (why: string): ReadyGroup<Name> => ({ folder: undefined, keeps: [], why, undo });
  try {
    const own = await divisible(place);
    if (own === undefined) return none(NOT_OURS);
    const offered = wordsOf(await readFile(join(own.folder, 'cgroup.controllers'), 'utf8'));
    const keeps = wanted.filter((name) => offered.has(name));
    if (keeps.length === 0) return none(NO_CONTROLLERS);
    if (own.hasProcesses) {
      undone.push(() => moveAll(join(own.folder, SERVER_GROUP), own.folder, true));
      await moveAll(own.folder, join(own.folder, SERVER_GROUP), false);
    }
    const passed = wordsOf(await readFile(join(own.folder, 'cgroup.subtree_control'), 'utf8'));
    for (const name of keeps.filter((it) => !passed.has(it))) {
      await pass(own.folder, `+${name}`);
      undone.push(() => pass(own.folder, `-${name}`));
    }
    const isAll = keeps.length === wanted.length;
    return { folder: own.folder, keeps, undo, ...(isAll ? {} : { why: NO_CONTROLLERS }) };
  } catch (error) {
    const why = refusal(error);
    await undo();
    return none(why);
  }
}

const NOT_OURS =
  "this process's group is not its own to divide; a service of systemd's is given one by Delegate=yes and DelegateSubgroup=server (systemd 254 or later)";
const NO_CONTROLLERS = 'the kernel offers no more of them here';
const READ_ONLY = 'their tree is read-only here';

async function divisible({
  folder,
  top,
}: GroupPlace): Promise<{ readonly folder: string; readonly hasProcesses: boolean } | undefined> {
  // Every group has this file but the root of all, which may have processes and divide all the same.
  if (folder === top) return { folder, hasProcesses: await isThere(join(folder, 'cgroup.type')) };
  const above = dirname(folder);
  const isBelowOurs = basename(folder) === SERVER_GROUP || /\.(service|scope)$/.test(basename(above));
  return isBelowOurs ? { folder: above, hasProcesses: false } : undefined;
}

/** @param isOver whether the group that they leave goes then. */
async function moveAll(from: string, to: string, isOver: boolean): Promise<void> {
  if (!isOver) await makeGroup(to);
  for (let round = 0; round < MOVE_ROUNDS; round += 1) {
    const pids = wordsOf(await readFile(join(from, 'cgroup.procs'), 'utf8'));
    if (pids.size === 0) break;
    for (const pid of pids) await moveOne(pid, to);
  }
  if (isOver) await rmdir(from);
}

async function makeGroup(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** One that has ended meanwhile needs no moving. */
async function moveOne(pid: string, group: string): Promise<void> {
  try {
    await writeFile(join(group, 'cgroup.procs'), pid, { flag: 'r+' });
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

function pass(folder: string, change: string): Promise<void> {
  return writeFile(join(folder, 'cgroup.subtree_control'), change, { flag: 'r+' });
}

function wordsOf(text: string): Set<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ''));
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

const REFUSALS = new Set(['EACCES', 'EBUSY', 'EINVAL', 'ENOENT', 'ENOSPC', 'EOPNOTSUPP', 'EPERM', 'EROFS']);

/** @returns in words, that the system does not allow something here. @throws any other error. */
export function refusal(error: unknown): string {
  const code = codeOf(error);
  if (code === undefined || !REFUSALS.has(code)) throw error;
  return code === 'EROFS' ? READ_ONLY : `the kernel refuses it here: ${code}`;
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

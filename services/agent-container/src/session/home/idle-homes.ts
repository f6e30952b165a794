// homes on this machine → which run is in which → what is idle, oldest first → removed when they are many, large, or the disk is full
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sessionPathSchema } from '@omnicloud/protocol';
import { z } from 'zod';
import { holderName, isHolderGone } from '../lease/lease-holder.ts';
import { endLeftoverCli } from './end-leftover-cli.ts';
import { readPlainFile } from './read-plain.ts';
import { removeTree } from './remove-tree.ts';
import { lstatIfThere } from './scan-home.ts';
import { type SessionHome, sessionHome } from './session-home.ts';

/** What may stay on this machine for sessions that do not run: it only saves fetching. */
export interface IdleHomeLimits {
  readonly homes: number;
  /** Of all of them, as they were when they were saved. */
  readonly bytes: number;
  /** What is to be free on the disk, whatever fills it; in bytes. Follows the disk's size unless given. */
  readonly freeBytes?: number;
  /** Another process on this machine may be about to use a home that it saved a shorter time ago; in ms. */
  readonly idleMs: number;
  /** The same for a home that was never marked as saved, in ms since it was created: another process may be using it. */
  readonly unsavedMs: number;
}

/** Where other processes may share the work folder. */
const IDLE_HOME_LIMITS: IdleHomeLimits = {
  homes: 32,
  bytes: 2 * 1024 ** 3,
  idleMs: 10 * 60 * 1000,
  unsavedMs: 24 * 60 * 60 * 1000,
};

/** Where nobody else does, such as in a function: what does not run now is idle. */
export const LONE_HOME_LIMITS: IdleHomeLimits = { ...IDLE_HOME_LIMITS, idleMs: 0, unsavedMs: 0 };

/** Idle homes leave a tenth of the disk free, so that they go before a run is ended or refused for want of space. */
const FREE_SHARE = 0.1;
const MOST_FREE_BYTES = 2 * 1024 ** 3;
/** What other processes left or removed is found this much later at the latest. In ms. */
const RESCAN_MS = 10 * 60 * 1000;

/** Says that the home can be had again from the store, and how large it is. A home in which a run is has none until it is saved. */
const MARK = 'saved.json';
const markSchema = z.object({ bytes: z.number() });
/** Names the process that has a run in the home. */
const OWNER = 'in-use';
const REMOVED = '.removed-';
const SMALL_FILE_BYTES = 1024;

/** @param bytes what the session's files take. */
export async function markSaved(home: SessionHome, bytes: number): Promise<void> {
  await writeFile(join(home.root, MARK), JSON.stringify({ bytes }), { mode: 0o600 });
}

/** A run's use of a home, until it is ended. */
export interface HomeUse {
  /**
   * To be called when the run has ended and its home was saved, or will not be. A home that was not saved is dropped at once: its next restore
   * would not keep what is in it either.
   * @param beforeDrop called before that, while everything is still there.
   */
  end(beforeDrop?: () => Promise<void>): Promise<void>;
}

interface IdleHome {
  readonly usedAtMs: number;
  readonly bytes: number;
  /** Whether this process saved it, so that nobody else is known to use it. */
  readonly isOurs: boolean;
}

/**
 * The homes below one work folder. What is idle is known by heart, so that the work of a turn does not grow with the number of homes: the
 * folder is read at the start and then now and then, in the background.
 */
export class Homes {
  readonly #workRoot: string;
  readonly #limits: IdleHomeLimits;
  readonly #onError: (error: unknown) => void;
  /** By their roots: how many runs of this process are in each. */
  readonly #inUse = new Map<string, number>();
  /** By their roots; the one that was used longest ago comes first. */
  readonly #idle = new Map<string, IdleHome>();
  /** By their roots: what is being put out of sight. Whoever begins a run there waits for it. */
  readonly #removals = new Map<string, Promise<void>>();
  readonly #owner = holderName();
  #idleBytes = 0;
  #scanning: Promise<void> | undefined;
  #scannedAtMs = -Infinity;

  /** @param onError told of what could not be removed; nothing else depends on it. */
  constructor(
    workRoot: string,
    onError: (error: unknown) => void,
    limits: IdleHomeLimits = IDLE_HOME_LIMITS,
  ) {
    this.#workRoot = workRoot;
    this.#onError = onError;
    this.#limits = limits;
  }

  /** Keeps a home from being removed, and marks it as holding more than what is stored. */
  async use(home: SessionHome): Promise<HomeUse> {
    const { root } = home;
    this.#inUse.set(root, (this.#inUse.get(root) ?? 0) + 1);
    this.#forget(root);
    // Whoever removes it is the one to report a failure.
    await this.#removals.get(root)?.catch(() => undefined);
    try {
      await mkdir(root, { recursive: true, mode: 0o700 });
      await rm(join(root, OWNER), { recursive: true, force: true });
      await writeFile(join(root, OWNER), this.#owner, { mode: 0o600 });
      await rm(join(root, MARK), { recursive: true, force: true });
    } catch (error) {
      this.#leave(root);
      throw error;
    }
    this.#scanNowAndThen();
    return { end: (beforeDrop) => this.#end(root, beforeDrop) };
  }

  /** Removes what was used longest ago until the rest is within the limits. */
  async makeRoom(): Promise<void> {
    try {
      for (const [root, home] of this.#idle) {
        if (!(await this.#isOverLimits())) return;
        // All that follow were used later.
        if (!home.isOurs && Date.now() - home.usedAtMs < this.#limits.idleMs) return;
        this.#forget(root);
        if (!(await this.#isInUse(root))) await this.#remove(root);
      }
    } catch (error) {
      this.#onError(error);
    }
  }

  /**
   * Reads the folder: removes what a server that was killed left behind, and takes what is idle to heart.
   * @returns when it is done; never rejects.
   */
  scan(): Promise<void> {
    this.#scannedAtMs = performance.now();
    this.#scanning ??= this.#scan()
      .catch(this.#onError)
      .finally(() => {
        this.#scanning = undefined;
      });
    return this.#scanning;
  }

  #scanNowAndThen(): void {
    if (performance.now() - this.#scannedAtMs >= RESCAN_MS) void this.scan().then(() => this.makeRoom());
  }

  async #scan(): Promise<void> {
    const names = await namesIn(this.#workRoot);
    const found: (readonly [string, IdleHome])[] = [];
    for (const name of names) {
      const root = join(this.#workRoot, name);
      // A process that was killed while it removed one.
      if (name.startsWith(REMOVED)) await removeTree(root).catch(this.#onError);
      if (this.#idle.has(root) || !sessionPathSchema.safeParse({ session_id: name }).success) continue;
      const home = await this.#look(root);
      if (home === 'stale') await this.#removeLeft(name).catch(this.#onError);
      else if (home) found.push([root, home]);
    }
    const there = new Set(names.map((name) => join(this.#workRoot, name)));
    for (const root of [...this.#idle.keys()]) if (!there.has(root)) this.#forget(root);
    const known = [...this.#idle];
    for (const [root] of known) this.#forget(root);
    const all = [...known, ...found.filter(([root]) => !this.#inUse.has(root))];
    for (const [root, home] of all.sort(([, a], [, b]) => a.usedAtMs - b.usedAtMs))
      this.#remember(root, home);
  }

  /** @returns `stale` for what nobody is in and nobody can use; undefined for what somebody may be in. */
  async #look(root: string): Promise<IdleHome | 'stale' | undefined> {
    if (await this.#isInUse(root)) return undefined;
    const saved = await readMark(root);
    if (saved) return { ...saved, isOurs: false };
    if ((await readSmall(join(root, OWNER))) !== undefined) return 'stale';
    const stats = await lstatIfThere(root);
    return stats && Date.now() - stats.mtimeMs >= this.#limits.unsavedMs ? 'stale' : undefined;
  }

  /** By this process, or by another one that lives. */
  async #isInUse(root: string): Promise<boolean> {
    if (this.#inUse.has(root)) return true;
    const isOthers = await this.#isOthers(root);
    // Asked again after the wait for the disk.
    return this.#inUse.has(root) || isOthers;
  }

  /** Where nobody else uses the folder, only an agent can have written somebody else's name. */
  async #isOthers(root: string): Promise<boolean> {
    if (this.#limits.unsavedMs === 0) return false;
    const owner = (await readSmall(join(root, OWNER)))?.text;
    return owner !== undefined && owner !== this.#owner && !isHolderGone(owner);
  }

  async #end(root: string, beforeDrop: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    try {
      // The run that took the session over may use the same home, in this process or in another one.
      if (this.#inUse.get(root) !== 1 || (await this.#isOthers(root))) return;
      const saved = await readMark(root);
      if (!saved) {
        await beforeDrop();
        await this.#remove(root, { holders: 1 });
        return;
      }
      await rm(join(root, OWNER), { force: true });
      if (this.#inUse.get(root) === 1) this.#remember(root, { ...saved, usedAtMs: Date.now(), isOurs: true });
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#leave(root);
    }
  }

  #leave(root: string): void {
    const left = (this.#inUse.get(root) ?? 1) - 1;
    if (left === 0) this.#inUse.delete(root);
    else this.#inUse.set(root, left);
  }

  #remember(root: string, home: IdleHome): void {
    this.#forget(root);
    this.#idle.set(root, home);
    this.#idleBytes += home.bytes;
  }

  #forget(root: string): void {
    this.#idleBytes -= this.#idle.get(root)?.bytes ?? 0;
    this.#idle.delete(root);
  }

  async #isOverLimits(): Promise<boolean> {
    const { homes, bytes, freeBytes } = this.#limits;
    if (this.#idle.size + this.#inUse.size > homes || this.#idleBytes > bytes) return true;
    const { bavail, blocks, bsize } = await statfs(this.#workRoot);
    return bavail * bsize < (freeBytes ?? Math.min(blocks * bsize * FREE_SHARE, MOST_FREE_BYTES));
  }

  /**
   * The CLI of a killed server may still be there. It would write into the home that the session is restored to next, in the same place, and what
   * it writes would cut the conversation off from its beginning.
   */
  async #removeLeft(name: string): Promise<void> {
    const home = sessionHome(this.#workRoot, name);
    await this.#remove(home.root, { before: () => endLeftoverCli(home) });
  }

  /**
   * Nothing is removed that has more holders, and nobody begins to hold it meanwhile.
   * @param options.holders how many runs of this process are in the home that are over; none unless given.
   * @param options.before done first, while the home is there.
   */
  async #remove(
    root: string,
    options: { holders?: number; before?: () => Promise<void> } = {},
  ): Promise<void> {
    const { holders = 0, before = () => Promise.resolve() } = options;
    if ((this.#inUse.get(root) ?? 0) > holders || this.#removals.has(root)) return;
    const grave = join(this.#workRoot, `${REMOVED}${randomUUID()}`);
    const removal = before().then(() => putAway(root, grave));
    this.#removals.set(root, removal);
    try {
      await removal;
    } finally {
      this.#removals.delete(root);
    }
    await removeTree(grave);
  }
}

/** Out of sight at once, so that a session that comes back meets a whole home or none. */
async function putAway(root: string, grave: string): Promise<void> {
  try {
    await rename(root, grave);
  } catch (error) {
    // Another process on this machine was faster.
    if (!isMissing(error)) throw error;
  }
}

/** Before the first session there is no such folder. */
async function namesIn(workRoot: string): Promise<string[]> {
  try {
    return await readdir(workRoot);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function readMark(root: string): Promise<{ usedAtMs: number; bytes: number } | undefined> {
  const mark = await readSmall(join(root, MARK));
  if (!mark) return undefined;
  try {
    const { bytes = 0 } = markSchema.safeParse(JSON.parse(mark.text)).data ?? {};
    return { usedAtMs: mark.modifiedMs, bytes };
  } catch (error) {
    // A mark that is cut off stands for a save that was not finished.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @returns undefined when there is no such file, or none of ours: a link, a directory, something large. */
async function readSmall(path: string): Promise<{ text: string; modifiedMs: number } | undefined> {
  const stats = await lstatIfThere(path);
  if (stats?.isFile() !== true || stats.size > SMALL_FILE_BYTES) return undefined;
  try {
    return { text: (await readPlainFile(path, SMALL_FILE_BYTES)).toString(), modifiedMs: stats.mtimeMs };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

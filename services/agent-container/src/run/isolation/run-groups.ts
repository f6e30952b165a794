// the server's own control groups, where it may make groups in them → one for each run: its memory, its processes, its share of the processors
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isProcessGone } from '@omnicloud/session-table';
import { type Hierarchy, ownHierarchies } from './own-hierarchies.ts';
import type { RunLimits } from './run-limits.ts';

const NAME = /^omnicloud-run-(\d+)-\d+$/;

/** The control group of one run. */
export interface RunGroup {
  /** A process that writes its id into each of these files belongs to it from then on, and so does what it starts. */
  readonly doors: readonly string[];
  /** Whether the kernel ended a process of it because the group's memory was used up. */
  wasOutOfMemory(): Promise<boolean>;
  /** Its processes must be gone. */
  remove(): Promise<void>;
}

/** Where control groups of runs are made (cgroups(7)): version 2, or the hierarchies of version 1. */
export class RunGroups {
  readonly #hierarchies: readonly Hierarchy[];
  readonly #limits: RunLimits;
  #count = 0;

  private constructor(hierarchies: readonly Hierarchy[], limits: RunLimits) {
    this.#hierarchies = hierarchies;
    this.#limits = limits;
  }

  /**
   * Makes one and takes it away again, so that no run has to find out; groups of a server that was killed go, too.
   * @returns undefined where the server may not make any that limit memory.
   */
  static async find(limits: RunLimits): Promise<RunGroups | undefined> {
    const hierarchies = await ownHierarchies().catch(noneWhenRefused);
    if (!hierarchies?.some(({ outOfMemory }) => outOfMemory !== undefined)) return undefined;
    const groups = new RunGroups(hierarchies, limits);
    try {
      await groups.#removeStale();
      const group = await groups.open();
      await group.remove();
      return groups;
    } catch (error) {
      noneWhenRefused(error);
      return undefined;
    }
  }

  /** @throws the system's error. */
  async open(): Promise<RunGroup> {
    this.#count += 1;
    const name = `omnicloud-run-${process.pid}-${this.#count}`;
    const made: string[] = [];
    const remove = async (): Promise<void> => {
      for (const folder of made) await removeGroup(folder);
    };
    try {
      for (const { folder, settings } of this.#hierarchies) {
        const group = join(folder, name);
        await mkdir(group);
        made.push(group);
        for (const [file, value] of Object.entries(settings(this.#limits)))
          await writeFile(join(group, file), value, { flag: 'r+' });
      }
    } catch (error) {
      await remove();
      throw error;
    }
    const events = this.#hierarchies.flatMap(({ folder, outOfMemory }) =>
      outOfMemory === undefined ? [] : [join(folder, name, outOfMemory)],
    );
    return {
      doors: made.map((folder) => join(folder, 'cgroup.procs')),
      wasOutOfMemory: async () => {
        const counts = await Promise.all(events.map(async (file) => readFile(file, 'utf8')));
        return counts.some((text) => Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0) > 0);
      },
      remove,
    };
  }

  async #removeStale(): Promise<void> {
    for (const { folder } of this.#hierarchies) {
      for (const name of await readdir(folder)) {
        const pid = Number(NAME.exec(name)?.[1] ?? process.pid);
        if (isProcessGone({ pid })) await rmdir(join(folder, name)).catch(noneWhenRefused);
      }
    }
  }
}

/** What was killed may take a moment to leave. A group that stays all the same is empty, harms nobody, and goes at the next start. */
async function removeGroup(folder: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await rmdir(folder);
      return;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      if (codeOf(error) !== 'EBUSY') throw error;
      if (tries >= 100) return;
      await delay(20);
    }
  }
}

function noneWhenRefused(error: unknown): undefined {
  if (!REFUSALS.has(codeOf(error) ?? '')) throw error;
}

const REFUSALS = new Set(['EACCES', 'EBUSY', 'EINVAL', 'ENOENT', 'ENOSPC', 'EOPNOTSUPP', 'EPERM', 'EROFS']);

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

// the server's own control groups, where it may make groups in them → one for each run: its memory, its processes, its share of the processors
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isProcessGone } from '@omnicloud/storage';
import type { Load } from '../isolation.ts';
import {
  type Controller,
  CONTROLLERS,
  type Hierarchy,
  outOfMemoryFile,
  ownHierarchies,
  settingsOf,
  type Weight,
  weightOf,
} from './own-hierarchies.ts';
import type { RunLimits } from '../run-limits.ts';
import { codeOf, refusal } from './version-2-groups.ts';

const NAME = /^omnicloud-run-(\d+)-\d+$/;

/** The control group of one run. */
export interface RunGroup {
  /** A process that writes its id into each of these files belongs to it from then on, and so does what it starts. */
  readonly doors: readonly string[];
  /** Whether the kernel ended a process of it because the group's memory was used up; undefined where it keeps no memory. */
  readonly wasOutOfMemory: (() => Promise<boolean>) | undefined;
  /** Sets its share of the processors. */
  giveWay(load: Load): Promise<void>;
  /** Ends all that is in it at once, where the kernel can (version 2, from 5.14 on). */
  kill(): Promise<void>;
  /** Its processes must be gone. */
  remove(): Promise<void>;
}

/** What was found: where groups are made, or why none are, in words. */
export type FoundGroups = { readonly groups: RunGroups; readonly why?: string } | { readonly why: string };

/** Where control groups of runs are made (cgroups(7)): version 2, or the hierarchies of version 1. */
export class RunGroups {
  /** What the kernel keeps for each group. */
  readonly keeps: readonly Controller[];
  readonly #hierarchies: readonly Hierarchy[];
  readonly #limits: RunLimits;
  #count = 0;

  private constructor(hierarchies: readonly Hierarchy[], limits: RunLimits) {
    this.keeps = CONTROLLERS.filter((it) => hierarchies.some(({ keeps }) => keeps.includes(it)));
    this.#hierarchies = hierarchies;
    this.#limits = limits;
  }

  /** Makes one and takes it away again, so that no run has to find out; groups of a server that was killed go, too. */
  static async find(limits: RunLimits): Promise<FoundGroups> {
    let undo: (() => Promise<void>) | undefined;
    try {
      const own = await ownHierarchies();
      const { hierarchies, why } = own;
      undo = () => own.undo();
      if (hierarchies.length === 0) return { why: why ?? 'there are none here' };
      const groups = new RunGroups(hierarchies, limits);
      await groups.#removeStale();
      const group = await groups.open();
      await group.remove();
      return { groups, ...(why === undefined ? {} : { why }) };
    } catch (error) {
      const why = refusal(error);
      await undo?.();
      return { why };
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
      for (const hierarchy of this.#hierarchies) {
        const group = join(hierarchy.folder, name);
        await mkdir(group);
        made.push(group);
        const { needed, usual } = settingsOf(hierarchy, this.#limits);
        for (const [file, value] of needed) await set(join(group, file), value);
        for (const [file, value] of usual) await setWhereKnown(join(group, file), value);
      }
    } catch (error) {
      await remove();
      throw error;
    }
    const inEach = <Found>(look: (hierarchy: Hierarchy, folder: string) => Found[]): Found[] =>
      this.#hierarchies.flatMap((hierarchy) => look(hierarchy, join(hierarchy.folder, name)));
    const events = inEach((hierarchy, folder) => {
      const file = outOfMemoryFile(hierarchy);
      return file === undefined ? [] : [join(folder, file)];
    });
    return {
      doors: made.map((folder) => join(folder, 'cgroup.procs')),
      wasOutOfMemory: events.length === 0 ? undefined : () => hasKilled(events),
      giveWay: async (load) => {
        for (const hierarchy of this.#hierarchies)
          await weigh(join(hierarchy.folder, name), weightOf(hierarchy, load));
      },
      kill: async () => {
        const files = inEach(({ version }, folder) => (version === 2 ? [join(folder, 'cgroup.kill')] : []));
        for (const path of files) await setWhereKnown(path, '1');
      },
      remove,
    };
  }

  async #removeStale(): Promise<void> {
    for (const { folder } of this.#hierarchies) {
      for (const name of await readdir(folder)) {
        const pid = Number(NAME.exec(name)?.[1] ?? process.pid);
        if (isProcessGone({ pid })) await rmdir(join(folder, name)).catch(refusal);
      }
    }
  }
}

async function hasKilled(files: readonly string[]): Promise<boolean> {
  const texts = await Promise.all(files.map(async (file) => readFile(file, 'utf8')));
  return texts.some((text) => Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0) > 0);
}

/** It is weighed while it is not idle. */
async function weigh(folder: string, { weight, idle }: Weight): Promise<void> {
  for (const [file] of idle) await setWhereKnown(join(folder, file), '0');
  for (const [file, value] of weight) await set(join(folder, file), value);
  for (const [file, value] of idle) await setWhereKnown(join(folder, file), value);
}

function set(path: string, value: string): Promise<void> {
  return writeFile(path, value, { flag: 'r+' });
}

async function setWhereKnown(path: string, value: string): Promise<void> {
  try {
    await set(path, value);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
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

// the trees of control groups that this process is in → where groups of runs can be made, and what is written into each
import { readFile } from 'node:fs/promises';
import { type GroupPlace, groupPlaces } from './group-places.ts';
import type { Load } from '../isolation.ts';
import type { RunLimits } from '../run-limits.ts';
import { readyVersion2 } from './version-2-groups.ts';

/** What a group can keep, by the kernel's names. */
export const CONTROLLERS = ['memory', 'pids', 'cpu'] as const;
export type Controller = (typeof CONTROLLERS)[number];

/** A folder of the kernel's in which groups can be made. */
export interface Hierarchy {
  readonly folder: string;
  readonly version: 1 | 2;
  readonly keeps: readonly Controller[];
}

/** Where groups can be made here; a controller belongs to one hierarchy at most. */
interface OwnHierarchies {
  readonly hierarchies: readonly Hierarchy[];
  /** In words, why there are not more. */
  readonly why?: string;
  /** Takes back what was changed for it. */
  readonly undo: () => Promise<void>;
}

/** @throws the system's error where something cannot be read or written for another reason than that it is refused. */
export async function ownHierarchies(): Promise<OwnHierarchies> {
  const places = groupPlaces(
    await readFile('/proc/self/mountinfo', 'utf8'),
    await readFile('/proc/self/cgroup', 'utf8'),
  );
  const first = versionOne(places);
  const missing = CONTROLLERS.filter((it) => !first.some(({ keeps }) => keeps.includes(it)));
  const second = places.find(({ controllers }) => controllers.length === 0);
  if (missing.length === 0 || second === undefined) return { hierarchies: first, undo: nothing };
  const { folder, keeps, why, undo } = await readyVersion2(second, missing);
  const more = folder === undefined || keeps.length === 0 ? [] : [{ folder, version: 2 as const, keeps }];
  return { hierarchies: [...first, ...more], undo, ...(why === undefined ? {} : { why }) };
}

/** Controllers that are mounted together share their groups. */
function versionOne(places: readonly GroupPlace[]): Hierarchy[] {
  return places.flatMap(({ controllers, folder }) => {
    const keeps = CONTROLLERS.filter((it) => controllers.includes(it));
    return keeps.length === 0 ? [] : [{ folder, version: 1 as const, keeps }];
  });
}

async function nothing(): Promise<void> {
  await Promise.resolve();
}

/** What is written into a group, in this order. */
interface GroupSettings {
  readonly needed: readonly (readonly [file: string, value: string])[];
  /** Files that not every kernel has. */
  readonly usual: readonly (readonly [file: string, value: string])[];
}

/** Beside those of the run: what enters the sandbox before the run's own limit counts. */
const OWN_PROCESSES = 16;

export function settingsOf({ version, keeps }: Hierarchy, limits: RunLimits): GroupSettings {
  const all = keeps.map((controller) => SETTINGS[version][controller](limits));
  return {
    needed: [...all.flatMap(({ needed }) => needed), ...weightOf({ version, keeps }, 'alone').weight],
    usual: all.flatMap(({ usual }) => usual),
  };
}

/** Has a line `oom_kill <count>`. @returns undefined where the hierarchy keeps no memory. */
export function outOfMemoryFile({
  version,
  keeps,
}: Pick<Hierarchy, 'version' | 'keeps'>): string | undefined {
  if (!keeps.includes('memory')) return undefined;
  return version === 1 ? 'memory.oom_control' : 'memory.events';
}

/** How a group is told its weight. A group that is idle, in the kernel's sense, refuses to be weighed. */
export interface Weight {
  readonly weight: readonly (readonly [file: string, value: string])[];
  /** Not every kernel knows it: since 5.15. */
  readonly idle: readonly (readonly [file: string, value: string])[];
}

/**
 * Half of what a group has by default while the CLI is alone, and an eighth of that while commands of its shell run: one chat's busy loops
 * leave the processors to the server and to the CLIs of other chats. A crowd of commands has what nobody else wants: the more there are, the later
 * the kernel takes a processor from them for whoever wakes up.
 */
export function weightOf({ version, keeps }: Pick<Hierarchy, 'version' | 'keeps'>, load: Load): Weight {
  if (!keeps.includes('cpu')) return { weight: [], idle: [] };
  return {
    weight: [
      version === 1
        ? ['cpu.shares', load === 'alone' ? '512' : '64']
        : ['cpu.weight', load === 'alone' ? '50' : '6'],
    ],
    idle: [['cpu.idle', load === 'crowd' ? '1' : '0']],
  };
}

const NONE: GroupSettings = { needed: [], usual: [] };
type SettingsOf = (limits: RunLimits) => GroupSettings;
const PIDS: SettingsOf = ({ processes }) => ({
  needed: [['pids.max', String(processes + OWN_PROCESSES)]],
  usual: [],
});

const SETTINGS: Record<1 | 2, Record<Controller, SettingsOf>> = {
  1: {
    memory: ({ memoryBytes }) => ({
      needed: [['memory.limit_in_bytes', String(memoryBytes)]],
      // Without it, a run that has its memory full goes on in the machine's swap.
      usual: [['memory.memsw.limit_in_bytes', String(memoryBytes)]],
    }),
    pids: PIDS,
    cpu: () => NONE,
  },
  2: {
    memory: ({ memoryBytes }) => ({
      needed: [['memory.max', String(memoryBytes)]],
      usual: [
        ['memory.swap.max', '0'],
        // Half a run is of no use to anybody.
        ['memory.oom.group', '1'],
      ],
    }),
    pids: PIDS,
    cpu: () => NONE,
  },
};

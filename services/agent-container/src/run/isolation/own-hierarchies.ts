// /proc → the control groups that the server is in, version 2 or the hierarchies of version 1 → what is written into a run's group there
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunLimits } from './run-limits.ts';

/** Beside those of the run: what enters the sandbox before the run's own limit counts. */
const OWN_PROCESSES = 16;
/** Half of what a group has by default, in the two versions' figures (`cpu.shares` of 1024, `cpu.weight` of 100). */
const SHARES = 512;
const WEIGHT = 50;
/** A folder of the kernel's in which groups can be made, and what is written into each. */
export interface Hierarchy {
  readonly folder: string;
  readonly settings: (limits: RunLimits) => Readonly<Record<string, string>>;
  /** Has a line `oom_kill <count>`. */
  readonly outOfMemory?: string;
}

/** @throws the system's error where there is nothing that can be read or written. */
export async function ownHierarchies(): Promise<Hierarchy[]> {
  const mounts = mountsIn(await readFile('/proc/self/mountinfo', 'utf8'));
  const folders = foldersIn(await readFile('/proc/self/cgroup', 'utf8'), mounts);
  const first = VERSION_1.flatMap(({ controller, ...how }) => {
    const found = folders.find(({ controllers }) => controllers.includes(controller));
    return found ? [{ folder: found.folder, ...how }] : [];
  });
  if (first.some(({ outOfMemory }) => outOfMemory !== undefined)) return first;
  const second = folders.find(({ controllers }) => controllers.length === 0);
  if (!second) return [];
  // Refused where the group has processes of its own, ourselves among them, unless it is the root of all.
  await writeFile(join(second.folder, 'cgroup.subtree_control'), '+memory +pids +cpu', { flag: 'r+' });
  return [{ folder: second.folder, ...VERSION_2 }];
}

interface Mount {
  /** What of the tree is seen there. */
  readonly root: string;
  readonly point: string;
  /** Empty for version 2. */
  readonly controllers: readonly string[];
}

/** @param text of /proc/self/mountinfo (proc_pid_mountinfo(5)) */
function mountsIn(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [place = '', rest = ''] = line.split(' - ');
    const [type, , options = ''] = rest.split(' ');
    const [, , , root = '', point = ''] = place.split(' ');
    if (type === 'cgroup2') return [{ root, point, controllers: [] }];
    return type === 'cgroup' ? [{ root, point, controllers: options.split(',') }] : [];
  });
}

/** @param text of /proc/self/cgroup (cgroups(7)) */
function foldersIn(
  text: string,
  mounts: readonly Mount[],
): { readonly controllers: readonly string[]; readonly folder: string }[] {
  return text.split('\n').flatMap((line) => {
    const [, names = '', path = ''] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    const controllers = names === '' ? [] : names.split(',');
    const mount = mounts.find((it) =>
      controllers.length === 0
        ? it.controllers.length === 0
        : controllers.every((name) => it.controllers.includes(name)),
    );
    // A container may see a part of the tree alone.
    const root = mount?.root === '/' ? '' : mount?.root;
    if (mount === undefined || root === undefined || !path.startsWith(root) || path === '') return [];
    return [{ controllers, folder: join(mount.point, path.slice(root.length)) }];
  });
}

const VERSION_2: Omit<Hierarchy, 'folder'> = {
  settings: ({ memoryBytes, processes }) => ({
    'memory.max': String(memoryBytes),
    'pids.max': String(processes + OWN_PROCESSES),
    'cpu.weight': String(WEIGHT),
  }),
  outOfMemory: 'memory.events',
};

const VERSION_1: readonly (Omit<Hierarchy, 'folder'> & { readonly controller: string })[] = [
  {
    controller: 'memory',
    settings: ({ memoryBytes }) => ({ 'memory.limit_in_bytes': String(memoryBytes) }),
    outOfMemory: 'memory.oom_control',
  },
  { controller: 'pids', settings: ({ processes }) => ({ 'pids.max': String(processes + OWN_PROCESSES) }) },
  { controller: 'cpu', settings: () => ({ 'cpu.shares': String(SHARES) }) },
];

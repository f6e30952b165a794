// /proc/self/mountinfo and /proc/self/cgroup → where the control groups of this process lie in the file system
import { join } from 'node:path';

/** A group of this process, in one of the kernel's trees (cgroups(7)). */
export interface GroupPlace {
  /** Those of the tree; empty for version 2, whose tree says itself which it has. */
  readonly controllers: readonly string[];
  /** The group, as an absolute path. */
  readonly folder: string;
  /** The topmost group that can be seen from here. */
  readonly top: string;
}

/**
 * @param mountinfo text of /proc/self/mountinfo (proc_pid_mountinfo(5))
 * @param cgroup text of /proc/self/cgroup (cgroups(7)); a line that no mount shows is left out.
 */
export function groupPlaces(mountinfo: string, cgroup: string): GroupPlace[] {
  const mounts = mountinfo.split('\n').flatMap(mountIn);
  return cgroup.split('\n').flatMap((line) => {
    const [, names = '', path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    // A process that was moved out of what its namespace shows has a path that climbs.
    if (path === undefined || path.split('/').includes('..')) return [];
    const controllers = names === '' ? [] : names.split(',');
    for (const mount of mounts) {
      const isOfTree =
        mount.isVersion2 === (names === '') && controllers.every((it) => mount.options.includes(it));
      const below = isOfTree ? partBelow(path, mount.root) : undefined;
      if (below !== undefined) return [{ controllers, folder: join(mount.point, below), top: mount.point }];
    }
    return [];
  });
}

interface Mount {
  /** What of the tree is seen there: a container may see a part of it alone. */
  readonly root: string;
  readonly point: string;
  readonly isVersion2: boolean;
  /** The controllers of a tree of version 1 are among them. */
  readonly options: readonly string[];
}

function mountIn(line: string): Mount[] {
  const [place = '', rest = ''] = line.split(' - ');
  const [type, , options = ''] = rest.split(' ');
  const [, , , root = '', point = ''] = place.split(' ').map(unescaped);
  if (type !== 'cgroup' && type !== 'cgroup2') return [];
  return [{ root, point, isVersion2: type === 'cgroup2', options: options.split(',') }];
}

/** @returns the rest of the path, which is empty or begins with a slash; undefined where it does not lie below. */
function partBelow(path: string, root: string): string | undefined {
  const top = root === '/' ? '' : root;
  const below = path === '/' ? '' : path;
  return below === top || below.startsWith(`${top}/`) ? below.slice(top.length) : undefined;
}

/** The kernel writes a space, a tab, a line break and a backslash as three octal digits. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

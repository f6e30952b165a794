import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupPlaces } from './group-places.ts';

/** A line of /proc/self/mountinfo. */
function mount(
  type: 'cgroup' | 'cgroup2',
  {
    root,
    point,
    options = 'rw',
  }: { readonly root: string; readonly point: string; readonly options?: string | undefined },
): string {
  const escaped = (text: string): string =>
    text.replaceAll(/[\s\\]/g, (it) => `\\${it.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `32 31 0:29 ${escaped(root)} ${escaped(point)} rw,nosuid - ${type} ${type} ${options}`;
}

const OTHERS = '23 1 0:21 / /proc rw - proc proc rw\n24 1 254:1 / / rw,relatime - ext4 /dev/vda rw';

describe('The places of our control groups', () => {
  it.each([
    [
      'version 1',
      [
        mount('cgroup', { root: '/', point: '/sys/fs/cgroup/memory', options: 'rw,memory' }),
        mount('cgroup', { root: '/', point: '/sys/fs/cgroup/cpu,cpuacct', options: 'rw,cpu,cpuacct' }),
        mount('cgroup', { root: '/', point: '/sys/fs/cgroup/systemd', options: 'rw,xattr,name=systemd' }),
      ],
      '9:name=systemd:/a\n4:memory:/user\n1:cpu,cpuacct:/',
      [
        [['name=systemd'], '/sys/fs/cgroup/systemd/a'],
        [['memory'], '/sys/fs/cgroup/memory/user'],
        [['cpu', 'cpuacct'], '/sys/fs/cgroup/cpu,cpuacct'],
      ],
    ],
    [
      'version 1 and an empty tree of version 2',
      [
        mount('cgroup', { root: '/', point: '/sys/fs/cgroup/pids', options: 'rw,pids' }),
        mount('cgroup2', { root: '/', point: '/sys/fs/cgroup/unified' }),
      ],
      '8:pids:/\n0::/',
      [
        [['pids'], '/sys/fs/cgroup/pids'],
        [[], '/sys/fs/cgroup/unified'],
      ],
    ],
    [
      'version 2',
      [mount('cgroup2', { root: '/', point: '/sys/fs/cgroup' })],
      '0::/system.slice/agent.service/server',
      [[[], '/sys/fs/cgroup/system.slice/agent.service/server']],
    ],
    [
      'a container that sees a part of the tree, at its true path',
      [mount('cgroup2', { root: '/docker/a b', point: '/sys/fs/cgroup' })],
      '0::/docker/a b/server',
      [[[], '/sys/fs/cgroup/server']],
    ],
    [
      'a tree that is mounted twice, where the first place shows another part',
      [
        mount('cgroup2', { root: '/docker/1', point: '/other' }),
        mount('cgroup2', { root: '/', point: '/sys/fs/cgroup' }),
      ],
      '0::/docker/12',
      [[[], '/sys/fs/cgroup/docker/12']],
    ],
    [
      'a group outside of what is seen',
      [mount('cgroup2', { root: '/', point: '/sys/fs/cgroup' })],
      '0::/../other',
      [],
    ],
    ['a tree that is not mounted', [], '0::/\n3:memory:/', []],
  ])('are found in %s', (_, mounts, cgroup, expected) => {
    const found = groupPlaces(`${OTHERS}\n${mounts.join('\n')}\n`, `${cgroup}\n`);
    expect(found.map(({ controllers, folder }) => [controllers, folder])).toEqual(expected);
  });

  it('lie below the mount for any names', () => {
    const name = fc.string({ minLength: 1 }).filter((it) => !/[/\n\0]/.test(it) && it !== '.' && it !== '..');
    const path = fc.array(name, { maxLength: 3 }).map((names) => names.map((it) => `/${it}`).join(''));
    fc.assert(
      fc.property(path, path, path, (root, below, point) => {
        const [place] = groupPlaces(
          mount('cgroup2', { root: root === '' ? '/' : root, point: point === '' ? '/' : point }),
          `0::${root + below === '' ? '/' : root + below}`,
        );
        expect(place?.folder).toBe(point + below === '' ? '/' : point + below);
      }),
    );
  });

  it('are none for any other text, and no text ends the server', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (mountinfo, cgroup) => {
        expect(groupPlaces(mountinfo, cgroup)).toEqual([]);
      }),
    );
  });
});

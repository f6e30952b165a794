import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chown, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../../../session/home/temporary-directory.fixture.ts';
import { groupPlaces } from './group-places.ts';
import { bundleInto, openPlace } from '../open-place.fixture.ts';
import { firstUserOf } from '../test-users.fixture.ts';

const USER = firstUserOf('version-2-groups');
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const top = isRoot ? topOfTree() : undefined;
/** Of those that bind a group with processes of its own; which ones version 2 has depends on what version 1 took. */
const wanted = ['memory', 'hugetlb'].filter((name) => wordsOf(top, 'cgroup.controllers').includes(name));

function topOfTree(): string | undefined {
  const mountinfo = readFileSync('/proc/self/mountinfo', 'utf8');
  const [place] = groupPlaces(mountinfo, '0::/');
  return place?.top;
}

function wordsOf(folder: string | undefined, file: string): string[] {
  return folder === undefined ? [] : readFileSync(join(folder, file), 'utf8').split(/\s+/);
}

/** Tries a group out from a process in it, and takes everything back. */
const program = (folder: string, names: readonly string[]): string => `
  import { mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
  import { groupPlaces } from './groups/group-places.ts';
  import { readyVersion2 } from './groups/version-2-groups.ts';
  const read = (path) => readFileSync(path, 'utf8').trim();
  const place = () => groupPlaces(read('/proc/self/mountinfo'), read('/proc/self/cgroup')).find(({ controllers }) => controllers.length === 0);
  const own = place();
  const ready = await readyVersion2(own, ${JSON.stringify(names)});
  const said = { keeps: ready.keeps, why: ready.why ?? '', where: ready.folder?.slice(own.top.length), offered: [], moved: place().folder.slice(own.top.length) };
  if (ready.folder !== undefined) {
    mkdirSync(ready.folder + '/run');
    said.offered = read(ready.folder + '/run/cgroup.controllers').split(' ');
    rmdirSync(ready.folder + '/run');
  }
  await ready.undo();
  said.isUndone = place().folder === own.folder && (ready.folder === undefined || !readdirSync(ready.folder).includes('omnicloud-server'));
  console.log(JSON.stringify(said));`;

interface Said {
  readonly keeps: string[];
  readonly why: string;
  /** Of the group that can be divided, below the topmost one that is seen. */
  readonly where?: string;
  /** What a group in it has. */
  readonly offered: string[];
  /** Of the process, once it was ready. */
  readonly moved: string;
  readonly isUndone: boolean;
}

/** @returns the group, which is removed when the test is over; groups in it have what the tree has. */
async function group(parent: string, name: string): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder);
  onTestFinished(() => rmdir(folder));
  return folder;
}

async function passDown(folder: string): Promise<void> {
  for (const name of wanted.filter((it) => !wordsOf(folder, 'cgroup.subtree_control').includes(it))) {
    await writeFile(join(folder, 'cgroup.subtree_control'), `+${name}`);
    onTestFinished(() => writeFile(join(folder, 'cgroup.subtree_control'), `-${name}`));
  }
}

/** @param entered what the process is started by once it is in the group. */
async function triedIn(
  folder: string,
  entered: readonly string[],
  names: readonly string[] = wanted,
): Promise<Said> {
  const { folder: open, node } = await openPlace(0o755);
  const file = await bundleInto(open, program(open, names));
  const args = ['-c', 'echo $$ >"$0"/cgroup.procs && exec "$@"', folder, ...entered, node, file];
  const child = spawn('sh', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return JSON.parse(said) as Said;
}

describe.skipIf(top === undefined || wanted.length === 0)(
  'A group of version 2 that is to be divided (root on Linux, where version 2 has a controller)',
  () => {
    const root = top ?? '';
    const unique = (suffix: string): string =>
      `omnicloud-test-${process.pid}-${Math.trunc(performance.now())}${suffix}`;

    it('is emptied first where it is the topmost one of a container, and is as before afterwards', async () => {
      await passDown(root);
      const box = await group(root, unique(''));
      const seen = await temporaryDirectory();
      const inside = 'mount -t cgroup2 none "$0" && sleep 0.01 && exec "$@"';
      const container = ['unshare', '--cgroup', '--mount', '--', 'sh', '-c', inside, seen];
      expect(await triedIn(box, container)).toEqual({
        keeps: wanted,
        why: '',
        where: '',
        offered: wanted,
        moved: '/omnicloud-server',
        isUndone: true,
      });
      expect((await readFile(join(box, 'cgroup.subtree_control'), 'utf8')).trim()).toBe('');
    });

    it('is the unit’s above ours where systemd has set one aside, for an ordinary user too', async () => {
      await passDown(root);
      const unit = await group(root, unique('.service'));
      const server = await group(unit, 'server');
      const given = ['', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads'];
      for (const file of given) await chown(join(unit, file), USER, USER);
      const user = ['setpriv', '--reuid', String(USER), '--regid', String(USER), '--clear-groups', '--'];
      expect(await triedIn(server, user)).toMatchObject({ keeps: wanted, offered: wanted, isUndone: true });
    });

    it('is none that is systemd’s own', async () => {
      const unit = await group(root, unique('.service'));
      const said = await triedIn(unit, []);
      expect(said).toMatchObject({ keeps: [], isUndone: true });
      expect(said.why).toContain('DelegateSubgroup=server');
    });

    it('keeps what there is of what is wanted, and says that there is not more', async () => {
      await passDown(root);
      const unit = await group(root, unique('.service'));
      const server = await group(unit, 'server');
      const said = await triedIn(server, [], [...wanted, 'nothing-of-the-kind']);
      expect(said).toMatchObject({ keeps: wanted, why: 'the kernel offers no more of them here' });
    });
  },
);

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { chown, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bundleInto, openPlace } from './open-place.fixture.ts';
import { syscallFilter } from './syscall-filter.ts';
import { firstUserOf } from './test-users.fixture.ts';

/**
 * The user of the latest server here. Nothing else may run as it, because a run's end kills all that is new of it. Each server has one of
 * its own: the kernel counts an ended process among its user's until the process is reaped, and an earlier server's would fill the limit.
 */
let serverId = firstUserOf('same-user-isolation');
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

const hasFilter = (await syscallFilter()).length > 0;

/** Runs a server as an ordinary user of its own. */
async function serve(
  source: (folder: string) => string,
  {
    node,
    cli = { mode: 0o711, owner: 'root' },
    limits = [],
  }: {
    readonly node: 'readable' | 'unreadable';
    readonly cli?: { mode: number; owner: 'root' | 'server' } | undefined;
    readonly limits?: readonly string[] | undefined;
  },
): Promise<string> {
  serverId += 1;
  const modes = { node: node === 'readable' ? 0o755 : 0o711, cli: cli.mode };
  const { folder, node: program, cli: installed } = await openPlace(0o777, modes);
  // As in the image: the programs' folder is root's.
  await mkdir(join(folder, 'programs'));
  const placed = join(folder, 'programs', 'claude');
  if (cli.owner === 'root') await rename(installed, placed);
  else {
    await copyFile(installed, placed, constants.COPYFILE_FICLONE);
    await chown(placed, serverId, serverId);
  }
  const identity = ['--reuid', String(serverId), '--regid', String(serverId), '--clear-groups'];
  const child = spawn(
    'setpriv',
    // setpriv still has root's rights when it starts a program, by which that one counts as readable.
    [
      ...identity,
      '--',
      ...limits,
      'sh',
      '-c',
      'exec "$@"',
      'sh',
      program,
      await bundleInto(folder, source(folder)),
    ],
    { env: { PATH: process.env.PATH, HOME: folder }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return said.trim();
}

const probed = (folder: string): string => `
  import { SameUserIsolation } from './same-user-isolation.ts';
  import { probe } from './probe/probe-isolation.ts';
  console.log(await probe(new SameUserIsolation(), { workRoot: '${folder}/work', hidden: [], cli: '${folder}/programs/claude' }));`;

describe.skipIf(!isRoot)('a run as the server’s own user (set up by root on Linux)', () => {
  it('holds where the server’s program cannot be read', async () => {
    expect(await serve(probed, { node: 'unreadable' })).toBe('holds');
  });

  it.skipIf(!hasFilter)('holds, and its filter of system calls (needs enosys)', async () => {
    const program = (folder: string): string => `
      import { SameUserIsolation } from './same-user-isolation.ts';
      import { probe } from './probe/probe-isolation.ts';
      import { syscallFilter } from './syscall-filter.ts';
      const isolation = new SameUserIsolation(undefined, await syscallFilter());
      console.log(await probe(isolation, { workRoot: '${folder}/work', hidden: [], cli: '${folder}/programs/claude' }));`;
    expect(await serve(program, { node: 'unreadable' })).toBe('holds and filters');
  });

  it('does not hold where it can: environment and memory are open then', async () => {
    expect(await serve(probed, { node: 'readable' })).toBe('leaks');
  });

  it.each<[string, { mode: number; owner: 'root' | 'server' }]>([
    ['may be read: its descriptors are open then', { mode: 0o755, owner: 'root' }],
    ['belongs to the run, which could open it for the next one', { mode: 0o111, owner: 'server' }],
  ])('does not hold where the CLI %s', async (_, cli) => {
    expect(await serve(probed, { node: 'unreadable', cli })).toBe('opens the CLI');
  });

  it('finds no home of another session, and leaves no process behind that left its group', async () => {
    const program = (folder: string): string => `
      import { spawn } from 'node:child_process';
      import { once } from 'node:events';
      import { mkdirSync, readdirSync } from 'node:fs';
      import { SameUserIsolation } from './same-user-isolation.ts';
      import { allProcesses } from './process-group.ts';
      for (const name of ['one/workspace', 'one/tmp', 'two']) mkdirSync('${folder}/work/' + name, { recursive: true });
      const root = '${folder}/work/one';
      const isolation = new SameUserIsolation();
      const confinement = await isolation.open({ root, writable: [], readable: [], temporary: root + '/tmp', loopbackPort: undefined });
      const script = "setsid sh -c 'while :; do sleep 0.05; done' & echo $!; while :; do sleep 1; done";
      const { command, args, cwd, env } = confinement.wrap({ command: '/bin/sh', args: ['-c', script], cwd: root, env: { PATH: '/usr/bin:/bin' } });
      const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
      const [line] = await once(child.stdout, 'data');
      const exit = once(child, 'exit');
      await confinement.kill(child.pid);
      await exit;
      const isAlive = async () => (await allProcesses()).some(({ pid }) => pid === Number(line));
      const before = await isAlive();
      await confinement.close();
      while (await isAlive());
      console.log(JSON.stringify({ homes: readdirSync('${folder}/work'), escaped: before }));`;
    expect(JSON.parse(await serve(program, { node: 'unreadable' }))).toEqual({
      homes: ['one'],
      escaped: true,
    });
  });

  it.each([
    ['a loop of forks whose parents end', 'f() { f & exit; }; f & sleep 0.3'],
    [
      'the same in Perl, in four sessions',
      `for i in 1 2 3 4; do setsid perl -e 'while (1) { my $p = fork(); exit if $p; select(undef, undef, undef, 0.0005) }' & done; sleep 0.3`,
    ],
  ])('ends %s, and only then another run begins', async (_, loop) => {
    const program = (folder: string): string => `
      import { spawn } from 'node:child_process';
      import { once } from 'node:events';
      import { mkdirSync, existsSync, rmSync } from 'node:fs';
      import { setTimeout as delay } from 'node:timers/promises';
      import { SameUserIsolation } from './same-user-isolation.ts';
      const root = '${folder}/work/one';
      mkdirSync(root, { recursive: true });
      const place = { root, writable: [], readable: [], temporary: root, loopbackPort: undefined };
      const isolation = new SameUserIsolation({ memoryBytes: 1e9, processes: 64, fileBytes: 1e9 });
      const confinement = await isolation.open(place);
      // Whatever lives touches the file again.
      const script = ${JSON.stringify(`alive() { while :; do : >>"$1"; sleep 0.05; done; }; setsid sh -c 'while :; do : >>"$0"; sleep 0.05; done' "$1" & ${loop}`)};
      const { command, args, cwd, env } = confinement.wrap({ command: '/bin/sh', args: ['-c', script, 'sh', root + '/alive'], cwd: root, env: { PATH: '/usr/bin:/bin' } });
      const child = spawn(command, args, { cwd, env, detached: true, stdio: 'ignore' });
      await once(child, 'exit');
      await confinement.close();
      const isProven = !isolation.isSpent;
      rmSync(root + '/alive', { force: true });
      await delay(300);
      const isAlive = existsSync(root + '/alive');
      const next = await isolation.open(place).then(() => 'opened', ({ code }) => code);
      console.log(JSON.stringify({ isProven, isAlive, next }));`;
    expect(JSON.parse(await serve(program, { node: 'unreadable' }))).toEqual({
      isProven: true,
      isAlive: false,
      next: 'opened',
    });
  });

  it('is the last one when it cannot be proven that nothing of it is left', async () => {
    // The machine is never quiet, and the server may not have as many processes as would hold the run's down.
    // The noise goes before whatever else a busy machine does, or it would not be heard there.
    const loop = 'while :; do sleep 0.001; done';
    const noise = spawn('nice', ['-n', '-20', 'sh', '-c', loop], { stdio: 'ignore' });
    onTestFinished(() => void noise.kill('SIGKILL'));
    const program = (folder: string): string => `
      import { spawn } from 'node:child_process';
      import { once } from 'node:events';
      import { mkdirSync } from 'node:fs';
      import { SameUserIsolation } from './same-user-isolation.ts';
      const root = '${folder}/work/one';
      mkdirSync(root, { recursive: true });
      const place = { root, writable: [], readable: [], temporary: root, loopbackPort: undefined };
      const isolation = new SameUserIsolation({ memoryBytes: 1e9, processes: 64, fileBytes: 1e9 });
      const confinement = await isolation.open(place);
      const { command, args, cwd, env } = confinement.wrap({ command: '/bin/true', args: [], cwd: root, env: { PATH: '/usr/bin:/bin' } });
      await once(spawn(command, args, { cwd, env, detached: true, stdio: 'ignore' }), 'exit');
      await confinement.close();
      const next = await isolation.open(place).then(() => 'opened', ({ code }) => code);
      console.log(JSON.stringify({ isSpent: isolation.isSpent, next }));`;
    const said = await serve(program, { node: 'unreadable', limits: ['prlimit', '--nproc=50:50', '--'] });
    expect(JSON.parse(said)).toEqual({ isSpent: true, next: 'store_unavailable' });
  });

  it('leaves nothing in the folders that all runs share', async () => {
    const name = `left-by-a-run-${randomUUID()}`;
    const program = (folder: string): string => `
      import { spawn } from 'node:child_process';
      import { once } from 'node:events';
      import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
      import { SameUserIsolation } from './same-user-isolation.ts';
      const root = '${folder}/work/one';
      mkdirSync(root, { recursive: true });
      const kept = '/tmp/${name}-before';
      writeFileSync(kept, '');
      const owned = new RegExp('\\\\s' + process.getuid() + '\\\\s');
      const objects = () => ['shm', 'msg', 'sem'].filter((kind) => owned.test(readFileSync('/proc/sysvipc/' + kind, 'utf8')));
      const isolation = new SameUserIsolation();
      const confinement = await isolation.open({ root, writable: [], readable: [], temporary: root, loopbackPort: undefined });
      const script = 'for d in /tmp /var/tmp /dev/shm; do mkdir $d/${name} && touch $d/${name}/file; done; ipcmk -M 100 >/dev/null; ipcmk -Q >/dev/null; ipcmk -S 3 >/dev/null; echo $TMPDIR';
      const { command, args, cwd, env } = confinement.wrap({ command: '/bin/sh', args: ['-c', script], cwd: root, env: { PATH: '/usr/bin:/bin' } });
      const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
      const [line] = await once(child.stdout, 'data');
      await once(child, 'exit');
      const made = ['/tmp', '/var/tmp', '/dev/shm'].filter((folder) => existsSync(folder + '/${name}')).length;
      const madeObjects = objects();
      await confinement.close();
      const left = ['/tmp', '/var/tmp', '/dev/shm'].filter((folder) => existsSync(folder + '/${name}'));
      console.log(JSON.stringify({ made, madeObjects, left, leftObjects: objects(), kept: existsSync(kept), own: String(line).trim() === root }));`;
    expect(JSON.parse(await serve(program, { node: 'unreadable' }))).toEqual({
      made: 3,
      madeObjects: ['shm', 'msg', 'sem'],
      left: [],
      leftObjects: [],
      kept: true,
      own: true,
    });
    await rm(`/tmp/${name}-before`, { force: true });
  });

  it('is refused beside another one', async () => {
    const program = (folder: string): string => `
      import { mkdirSync } from 'node:fs';
      import { SameUserIsolation } from './same-user-isolation.ts';
      const root = '${folder}/work/one';
      mkdirSync(root, { recursive: true });
      const place = { root, writable: [], readable: [], temporary: root, loopbackPort: undefined };
      const isolation = new SameUserIsolation();
      await isolation.open(place);
      console.log(await isolation.open(place).then(() => 'opened', () => 'refused'));`;
    expect(await serve(program, { node: 'unreadable' })).toBe('refused');
  });
});

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GroupedIsolation } from './grouped-isolation.ts';
import { RunGroups } from './run-groups.ts';
import type { RunLimits } from '../run-limits.ts';
import { openSandbox } from '../sandbox.fixture.ts';
import { SeparateUserIsolation } from '../separate-user-isolation.ts';
import { watchRun } from '../watch-run.ts';

const MEGABYTE = 1024 * 1024;
const LIMITS: RunLimits = { memoryBytes: 300 * MEGABYTE, processes: 64, fileBytes: 1_000 * MEGABYTE };
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const found = isRoot ? await RunGroups.find(LIMITS) : undefined;
const groups = found && 'groups' in found ? found.groups : undefined;

describe.skipIf(groups === undefined)(
  'The control group of a run (root on Linux, where groups can be made)',
  () => {
    it('counts also memory that no process has mapped, and the run ends with a word about it', async () => {
      if (!groups) return;
      const { confinement, start } = await openSandbox(
        new GroupedIsolation(new SeparateUserIsolation(LIMITS), groups),
      );
      const watch = watchRun(confinement, LIMITS, () => undefined);
      // memfd_create(2), which keeps what is written until the last descriptor is closed.
      const number = process.arch === 'arm64' ? 279 : 319;
      const child = start(
        `sleep 1000 & perl -e 'my $f = syscall(${number}, my $name = "x", 0); open(my $h, ">&=", $f); for (1 .. 900) { print $h "x" x 1048576 } sleep 100'; wait`,
      );
      watch.begin(child.pid ?? 0);
      await once(child, 'exit');
      await watch.end();
      expect(watch.failure).toMatchObject({
        code: 'agent_overran',
        message: "The agent's commands used more than 300 MB of memory and were ended",
      });
    });

    it('holds the run and what it starts, at half the weight, and is gone with the run', async () => {
      if (!groups) return;
      const group = await groups.open();
      const [door = ''] = group.doors;
      const child = spawn('sh', ['-c', 'echo $$ >"$0"; sleep 100 & echo in; wait', door], {
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true,
      });
      await once(child.stdout, 'data');
      expect((await readFile(door, 'utf8')).trim().split('\n')).toHaveLength(2);
      const files = group.doors
        .map(dirname)
        .flatMap((folder) => [join(folder, 'cpu.shares'), join(folder, 'cpu.weight')]);
      const weights = await Promise.all(files.filter(existsSync).map((file) => readFile(file, 'utf8')));
      expect(weights.map(Number)).toSatisfy((values: number[]) =>
        values.every((it) => it === 512 || it === 50),
      );
      await group.giveWay('commands');
      const lowered = await Promise.all(files.filter(existsSync).map((file) => readFile(file, 'utf8')));
      expect(lowered.map(Number)).toSatisfy((values: number[]) =>
        values.every((it) => it === 64 || it === 6),
      );
      // Where the kernel knows it; without it, a crowd has the weight of some commands.
      const idle = group.doors.map((file) => join(dirname(file), 'cpu.idle')).filter(existsSync);
      const isIdle = (): Promise<string[]> => Promise.all(idle.map((file) => readFile(file, 'utf8')));
      await group.giveWay('crowd');
      expect((await isIdle()).every((it) => Number(it) === 1)).toBe(true);
      await group.giveWay('alone');
      expect((await isIdle()).every((it) => Number(it) === 0)).toBe(true);
      const risen = await Promise.all(files.filter(existsSync).map((file) => readFile(file, 'utf8')));
      expect(risen).toEqual(weights);
      const exit = once(child, 'exit');
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      await exit;
      await group.remove();
      expect(group.doors.map(dirname).filter(existsSync)).toEqual([]);
    });

    it('goes at the next start when its server was killed', async () => {
      if (!groups) return;
      const group = await groups.open();
      onTestFinished(() => group.remove());
      const { pid } = spawnSync('true');
      const stale = group.doors.map((door) => join(dirname(dirname(door)), `omnicloud-run-${pid}-1`));
      for (const folder of stale) await mkdir(folder);
      await RunGroups.find(LIMITS);
      expect(stale.filter(existsSync)).toEqual([]);
      expect(group.doors.map(dirname).filter(existsSync)).toHaveLength(group.doors.length);
    });
  },
);

it.skipIf(!isRoot)('Where none can be made, runs are without one, and it is said why (root on Linux)', () => {
  const program = `import { RunGroups } from ${JSON.stringify(new URL('run-groups.ts', import.meta.url).href)};
    console.log(await RunGroups.find({ memoryBytes: 3e8, processes: 64, fileBytes: 1e9 }));`;
  const script =
    'mount --make-rprivate / && for m in $(awk \'$3 ~ /^cgroup/ { print $2 }\' /proc/mounts); do mount -o remount,bind,ro "$m"; done; exec "$@"';
  const { stdout } = spawnSync(
    'unshare',
    ['--mount', 'sh', '-c', script, 'sh', process.execPath, '--input-type=module', '--eval', program],
    { encoding: 'utf8' },
  );
  expect(stdout.trim()).toBe("{ why: 'their tree is read-only here' }");
});

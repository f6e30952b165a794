import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { availableParallelism, getPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GroupedIsolation } from './groups/grouped-isolation.ts';
import type { Isolation, Load } from './isolation.ts';
import { NamespaceIsolation } from './namespace-isolation.ts';
import { RunGroups } from './groups/run-groups.ts';
import type { RunLimits } from './run-limits.ts';
import { haveNamespaces, openSandbox, processesWith } from './sandbox.fixture.ts';
import { SeparateUserIsolation } from './separate-user-isolation.ts';
import { type RunWatch, watchRun } from './watch-run.ts';

const MEGABYTE = 1024 * 1024;
const LIMITS: RunLimits = { memoryBytes: 300 * MEGABYTE, processes: 64, fileBytes: 20 * MEGABYTE };
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const found = isRoot ? await RunGroups.find(LIMITS) : undefined;
const groups = found && 'groups' in found ? found.groups : undefined;
const kinds: [string, boolean, (limits: RunLimits) => Isolation][] = [
  ['namespaces', await haveNamespaces(), (limits) => new NamespaceIsolation(false, limits)],
  ['a user of its own', isRoot, (limits) => new SeparateUserIsolation(limits)],
  [
    'namespaces and a control group',
    groups !== undefined && (await haveNamespaces()),
    (limits) => grouped(new NamespaceIsolation(false, limits)),
  ],
  [
    'a user of its own and a control group',
    groups !== undefined,
    (limits) => grouped(new SeparateUserIsolation(limits)),
  ],
];

function grouped(isolation: Isolation): Isolation {
  return groups ? new GroupedIsolation(isolation, groups) : isolation;
}

/** Starts the script as a run whose shell it is, under watch. */
async function watched(
  isolation: Isolation,
  script: string,
  mark = '',
): Promise<{ child: ChildProcess; watch: RunWatch }> {
  const { confinement, start } = await openSandbox(isolation);
  const errors: unknown[] = [];
  const watch = watchRun(confinement, LIMITS, (error) => errors.push(error));
  // The first child stands where the forwarder does.
  const child = start(`sleep 1000 & ${script}`, mark);
  if (child.pid !== undefined) watch.begin(child.pid);
  onTestFinished(async () => {
    await watch.end();
    await confinement.kill(child.pid ?? 0);
    expect(errors).toEqual([]);
  });
  return { child, watch };
}

/** Takes this many MB and keeps them. */
const hog = (megabytes: number): string => `perl -e 'my $x = "x" x (${megabytes} * 1048576); sleep 100'`;

describe.each(kinds)('The watch over a run in %s', (_, isAvailable, isolationWith) => {
  it.skipIf(!isAvailable).each([
    ['one process that takes much memory', `${hog(600)} & wait`],
    ['many that take some each', `for i in 1 2 3 4 5 6 7 8; do setsid ${hog(60)} & done; wait`],
  ])('ends it for %s, and says so', async (_, script) => {
    const mark = `mark-${randomUUID()}`;
    const { child, watch } = await watched(isolationWith(LIMITS), script, mark);
    await once(child, 'exit');
    expect(watch.failure).toMatchObject({
      code: 'agent_overran',
      retryable: false,
      message: "The agent's commands used more than 300 MB of memory and were ended",
    });
    expect(await processesWith(mark)).toEqual([]);
  });

  it.skipIf(!isAvailable)('does not count pages twice that processes share', async () => {
    const script = `perl -e 'my $x = "x" x (60 * 1048576); for (1 .. 9) { if (!fork) { sleep 100; exit } } $| = 1; print "up"; sleep 100'`;
    const { child, watch } = await watched(isolationWith(LIMITS), script);
    if (child.stdout) await once(child.stdout, 'data');
    // Four looks.
    await delay(1_000);
    expect(watch.failure).toBeUndefined();
    expect(child.exitCode).toBeNull();
  });

  it.skipIf(!isAvailable)('a bomb of forks comes to no more processes than are allowed', async () => {
    const script = `perl -e 'my $n = 0; for (1 .. 200) { my $p = fork; if (!defined $p) { last } if (!$p) { sleep 100; exit } $n++ } $| = 1; print "$n\\n"; sleep 100'`;
    const { child } = await watched(isolationWith(LIMITS), script);
    const [line] = child.stdout ? ((await once(child.stdout, 'data')) as [Buffer]) : [];
    expect(Number(String(line))).toBeGreaterThan(20);
    expect(Number(String(line))).toBeLessThan(64);
  });

  it.skipIf(!isAvailable)('a bomb of forks ends it, and says so', async () => {
    const script = `perl -e 'for (1 .. 300) { my $p = fork; if (!defined $p) { select(undef, undef, undef, 0.01); next } if (!$p) { sleep 100; exit } } sleep 100'`;
    const { child, watch } = await watched(isolationWith(LIMITS), script);
    await once(child, 'exit');
    expect(watch.failure).toMatchObject({
      code: 'agent_overran',
      retryable: false,
      message: "The agent's commands started 64 processes or more and were ended",
    });
  });

  it.skipIf(!isAvailable)('a file grows no larger than is allowed, and the command learns it', async () => {
    const { child } = await watched(
      isolationWith(LIMITS),
      'head -c 50M /dev/zero >big; echo "code $? size $(wc -c <big)"; kill %1',
    );
    const [line] = child.stdout ? ((await once(child.stdout, 'data')) as [Buffer]) : [];
    expect(String(line)).toContain(`size ${20 * MEGABYTE}`);
    expect(String(line)).not.toContain('code 0 ');
  });

  it.skipIf(!isAvailable)('a process has no more descriptors than are allowed', async () => {
    const { child } = await watched(isolationWith(LIMITS), 'ulimit -Hn; kill %1');
    const [line] = child.stdout ? ((await once(child.stdout, 'data')) as [Buffer]) : [];
    expect(String(line).trim()).toBe('4096');
  });

  it.skipIf(!isAvailable)('what its shell starts has the lowest priority', async () => {
    const mark = `mark-${randomUUID()}`;
    await watched(isolationWith(LIMITS), `setsid sh -c 'while :; do sleep 0.1; done' ${mark} & wait`);
    for (let tries = 0; tries < 200; tries += 1) {
      const pids = await processesWith(`done\0${mark}`);
      if (pids.length > 0 && pids.every((pid) => priorityOf(pid) === 19)) return;
      await delay(50);
    }
    throw new Error('It kept its priority');
  });
});

/** More than are the run's own business, and fewer than are allowed. */
const CROWD = 4 * availableParallelism() + 2;

it.skipIf(groups === undefined || CROWD + 8 > LIMITS.processes)(
  'A run in a control group gives way to others while it has commands, and altogether while it has a crowd of them',
  async () => {
    const loads: Load[] = [];
    const changed = new EventEmitter();
    const isolation = grouped(new SeparateUserIsolation(LIMITS));
    const told: Isolation = {
      means: isolation.means,
      isNetworkOn: isolation.isNetworkOn,
      open: async (place) => {
        const confinement = await isolation.open(place);
        const giveWay = async (load: Load): Promise<void> => {
          await confinement.giveWay?.(load);
          loads.push(load);
          changed.emit('load');
        };
        return { ...confinement, giveWay };
      },
    };
    const until = async (load: Load): Promise<void> => {
      while (loads.at(-1) !== load) await once(changed, 'load');
    };
    const crowd = `for i in $(seq ${CROWD}); do setsid sleep 100 & done`;
    await watched(told, `(setsid sh -c 'sleep 1; ${crowd}; wait' &); wait`);
    await until('commands');
    await until('crowd');
    expect(loads).toEqual(['commands', 'crowd']);
  },
);

it.skipIf(!isRoot)(
  'The watch leaves the session of the server as it is, whatever is in it (root on Linux)',
  async () => {
    const file = '/proc/self/autogroup';
    if (!existsSync(file)) return;
    const before = await readFile(file, 'utf8');
    const { confinement, workspace } = await openSandbox(new SeparateUserIsolation(LIMITS));
    const id = String((await stat(workspace)).uid);
    const watch = watchRun(confinement, LIMITS, () => undefined);
    const helper = spawn('setpriv', ['--reuid', id, '--regid', id, '--clear-groups', 'sleep', '20'], {
      stdio: 'ignore',
    });
    onTestFinished(() => void helper.kill('SIGKILL'));
    watch.begin(0);
    for (let tries = 0; tries < 400 && priorityOf(helper.pid ?? 0) !== 19; tries += 1) await delay(50);
    await delay(300);
    await watch.end();
    expect(await readFile(file, 'utf8')).toBe(before);
  },
);

function priorityOf(pid: number): number | undefined {
  try {
    return getPriority(pid);
  } catch {
    // It has just ended.
    return undefined;
  }
}

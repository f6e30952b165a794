import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { diskLimitsFor, DiskWatch, type DiskLimits } from './disk-watch.ts';
import { homeSize } from './home-size.ts';
import { removeTree } from '../../session/home/remove-tree.ts';
import { type SessionHome, sessionHome } from '../../session/home/session-home.ts';
import { CAN_MOUNT, smallDisk } from './small-disk.fixture.ts';
import { temporaryDirectory } from '../../session/home/temporary-directory.fixture.ts';

const MB = 1024 ** 2;
const NO_LIMITS: DiskLimits = { minFreeBytes: 0, runBytes: Number.MAX_SAFE_INTEGER };

function watchOver(workRoot: string, limits: Partial<DiskLimits>): DiskWatch {
  const onError = (error: unknown): never => {
    throw new Error('An error was reported', { cause: error });
  };
  return new DiskWatch({ workRoot, limits: { ...NO_LIMITS, ...limits }, onError });
}

async function homeIn(workRoot: string, n: number): Promise<SessionHome> {
  const home = sessionHome(workRoot, `0190c8a4-0000-4000-8000-00000000000${n}`);
  await mkdir(home.workspace, { recursive: true });
  return home;
}

const grow = (home: SessionHome, megabytes: number): Promise<void> =>
  writeFile(join(home.workspace, `${megabytes} MB`), Buffer.alloc(megabytes * MB, 'x'));

async function untilAborted(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) await once(signal, 'abort', { signal: AbortSignal.timeout(30_000) });
  return signal.reason;
}

const EXCEEDED = { name: 'AgentError', code: 'disk_exceeded', retryable: false };

it('A run whose home grows beyond what one run may have is ended, and no other', async () => {
  const workRoot = await temporaryDirectory();
  const [greedy, modest] = [await homeIn(workRoot, 1), await homeIn(workRoot, 2)];
  const watch = watchOver(workRoot, { runBytes: 40 * MB });
  using one = watch.watch(modest, { bytes: 0, files: 0 });
  using other = watch.watch(greedy, { bytes: 0, files: 0 });
  await grow(modest, 10);
  await grow(greedy, 41);
  expect(await untilAborted(other.ended)).toMatchObject(EXCEEDED);
  expect(one.ended.aborted).toBe(false);
});

it('A session that comes with more than a run may have is not ended for that, only for more', async () => {
  const workRoot = await temporaryDirectory();
  const home = await homeIn(workRoot, 1);
  await grow(home, 20);
  const watch = watchOver(workRoot, { runBytes: 10 * MB });
  using run = watch.watch(home, { bytes: 20 * MB, files: 0 });
  await grow(home, 5);
  using witness = watch.watch(await homeIn(workRoot, 2), { bytes: 0, files: 0 });
  await grow(await homeIn(workRoot, 2), 50);
  await untilAborted(witness.ended);
  expect(run.ended.aborted).toBe(false);
  await grow(home, 40);
  expect(await untilAborted(run.ended)).toMatchObject(EXCEEDED);
});

describe.skipIf(!CAN_MOUNT)('On a disk that becomes full (as root, Linux)', () => {
  it('the run that took most since it began is ended, and whatever was large before stays', async () => {
    await using disk = await smallDisk(64);
    const [large, filling] = [await homeIn(disk.root, 1), await homeIn(disk.root, 2)];
    await grow(large, 30);
    const watch = watchOver(disk.root, { minFreeBytes: 16 * MB });
    using one = watch.watch(large, { bytes: 30 * MB, files: 0 });
    using other = watch.watch(filling, { bytes: 0, files: 0 });
    await grow(filling, 20);
    expect(await untilAborted(other.ended)).toMatchObject(EXCEEDED);
    expect(one.ended.aborted).toBe(false);
  });

  it('a run is ended for files that have no name any more', async () => {
    await using disk = await smallDisk(64);
    const home = await homeIn(disk.root, 1);
    const script = 'exec 3>x; rm x; head -c 55M /dev/zero >&3; sleep 60';
    const child = spawn('sh', ['-c', script], { cwd: home.workspace, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    await writeFile(home.processFile, String(child.pid));
    const watch = watchOver(disk.root, { minFreeBytes: 16 * MB });
    using run = watch.watch(home, { bytes: 0, files: 0 });
    expect(await untilAborted(run.ended)).toMatchObject(EXCEEDED);
  });

  it('a run is ended for files that are empty, before there is no room for another file', async () => {
    await using disk = await smallDisk(64, 8_000);
    const [home, modest] = [await homeIn(disk.root, 1), await homeIn(disk.root, 2)];
    const watch = watchOver(disk.root, { minFreeBytes: 16 * MB });
    using run = watch.watch(home, { bytes: 0, files: 0 });
    using other = watch.watch(modest, { bytes: 0, files: 0 });
    spawn('sh', ['-c', 'seq 6500 | xargs touch'], { cwd: home.workspace, stdio: 'ignore' });
    expect(await untilAborted(run.ended)).toMatchObject(EXCEEDED);
    expect(other.ended.aborted).toBe(false);
  });

  it('a run that came with many small files is not ended for those', async () => {
    await using disk = await smallDisk(64, 8_000);
    const [home, greedy] = [await homeIn(disk.root, 1), await homeIn(disk.root, 2)];
    const watch = watchOver(disk.root, { runBytes: 8 * MB });
    await once(spawn('sh', ['-c', 'seq 2000 | xargs touch'], { cwd: home.workspace }), 'exit');
    using run = watch.watch(home, { bytes: 0, files: 2_000 });
    using witness = watch.watch(greedy, { bytes: 0, files: 0 });
    spawn('sh', ['-c', 'seq 5000 | xargs touch'], { cwd: greedy.workspace, stdio: 'ignore' });
    await untilAborted(witness.ended);
    expect(run.ended.aborted).toBe(false);
  });

  it('no run begins, and that may be tried again; it begins when there is room', async () => {
    await using disk = await smallDisk(16);
    const watch = watchOver(disk.root, { minFreeBytes: 8 * MB });
    await watch.admit();
    await disk.fill();
    await expect(watch.admit()).rejects.toMatchObject({ code: 'disk_full', retryable: true });
    const admitted = watch.admit();
    await truncate(join(disk.root, 'fills-the-disk'), 0);
    await admitted;
  });
});

describe('What a home takes', () => {
  it('is counted in shut folders, once for a file with two names, and not for a hole', async () => {
    const home = await homeIn(await temporaryDirectory(), 1);
    await mkdir(join(home.workspace, 'shut', 'in'), { recursive: true });
    await writeFile(join(home.workspace, 'shut', 'in', 'file'), Buffer.alloc(3 * MB, 'x'));
    await chmod(join(home.workspace, 'shut'), 0);
    await writeFile(join(home.workspace, 'hole'), '');
    await truncate(join(home.workspace, 'hole'), 1024 * MB);
    const bytes = await homeSize(home.root, { enoughBytes: Infinity, timeLimitMs: 10_000 });
    expect(bytes).toBeGreaterThanOrEqual(3 * MB);
    expect(bytes).toBeLessThan(4 * MB);
  });

  it.skipIf(process.platform === 'win32')('is counted where it lies deeper than a path can say', async () => {
    const home = await homeIn(await temporaryDirectory(), 1);
    const name = 'd'.repeat(250);
    const script = `i=0; while [ $i -lt 20 ]; do mkdir ${name}; cd -P ${name}; i=$((i+1)); done; head -c 3M /dev/zero > x`;
    const child = spawn('sh', ['-c', script], { cwd: home.workspace, stdio: 'ignore' });
    await once(child, 'exit');
    const bytes = await homeSize(home.root, { enoughBytes: Infinity, timeLimitMs: 10_000 });
    expect(bytes).toBeGreaterThanOrEqual(3 * MB);
    await removeTree(home.root);
  });
});

it.each([
  ['a function with the least', 512, 32, 256],
  ['a function with the most', 10_240, 512, 2_560],
  ['a large one', 1_000_000, 1_024, 4_096],
])('The limits fit the disk: %s', (_, megabytes, minFree, run) => {
  expect(diskLimitsFor(megabytes * MB)).toEqual({ minFreeBytes: minFree * MB, runBytes: run * MB });
});

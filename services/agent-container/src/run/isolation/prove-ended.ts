// a run is over → everything new of our user killed → proof that nothing of it is left, or none
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { allProcesses, kill, killGroup, type ProcessStat } from './process-group.ts';

const EASY_ROUNDS = 20;
const FILLED_ROUNDS = 20;
const LIMIT_MS = 10_000;

/**
 * Starts as many processes as the run may have in all, which then wait. They count for the user, so from then on nothing of the run can
 * fork: its own limit is reached, whatever of it ends.
 */
const FILL = `exec 3<&0; i=0
while [ $i -lt "$1" ]; do { read -r _ <&3; } & i=$((i + 1)); done
echo full
wait`;

/**
 * A program that does nothing but fork and end is never where one looks: by the time its entry is read, its child has another one.
 * So a look proves something only when nothing was started while it lasted. The kernel counts what is started on the whole machine
 * (proc_stat(5), "processes"); when that stood still and nothing new was seen, nothing is there. When it does not stand still, the user's
 * processes are brought to the number that the run may not pass, and one whole look is enough.
 * @param known what was there before the run.
 * @param runLimit the hard limit (RLIMIT_NPROC) that everything of the run has; undefined: it has none.
 * @returns whether it is proven that nothing of the run is left.
 */
export async function proveEnded(known: ReadonlySet<string>, runLimit: number | undefined): Promise<boolean> {
  for (let round = 0; round < EASY_ROUNDS; round += 1) {
    const before = await startedOnMachine();
    const newcomers = await killNewcomers(known, undefined);
    if (newcomers === 0 && before !== undefined && (await startedOnMachine()) === before) return true;
  }
  if (runLimit === undefined) return false;
  let filler: ChildProcess | undefined;
  try {
    filler = startFiller(runLimit);
    const { stdout } = filler;
    // For want of descriptors; the reason follows as an event.
    if (!stdout) return false;
    const lines = createInterface({ input: stdout });
    const said = once(lines, 'line', { signal: AbortSignal.timeout(LIMIT_MS) });
    await Promise.race([
      said,
      once(filler, 'exit').then(() => Promise.reject(new Error('The filler ended'))),
    ]);
    for (let round = 0; round < FILLED_ROUNDS; round += 1) {
      const fillers = (await ownProcesses()).filter(({ group }) => group === filler?.pid);
      if (fillers.length <= runLimit) return false;
      if ((await killNewcomers(known, filler.pid)) === 0) return true;
    }
    return false;
  } catch {
    // There is no proof then.
    return false;
  } finally {
    if (filler?.pid !== undefined) killGroup(filler.pid);
  }
}

/** What cannot be started has no process id, and what it says of that may come when nobody waits for it any more. */
function startFiller(runLimit: number): ChildProcess {
  const filler = spawn('/bin/sh', ['-c', FILL, 'sh', String(runLimit)], {
    detached: true,
    env: {},
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  filler.on('error', () => undefined);
  for (const stream of filler.stdio) stream?.on('error', () => undefined);
  return filler;
}

/** @returns how many there were. @param group of those that are spared. */
async function killNewcomers(known: ReadonlySet<string>, group: number | undefined): Promise<number> {
  const newcomers = (await ownProcesses()).filter(
    (stat) => !known.has(identity(stat)) && (group === undefined || stat.group !== group),
  );
  for (const { pid } of newcomers) killIfAllowed(pid);
  return newcomers.length;
}

/** One that may not be killed is seen again, and then nothing is proven. */
function killIfAllowed(pid: number): void {
  try {
    kill(pid);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
  }
}

export function identity({ pid, started }: ProcessStat): string {
  return `${pid}/${started}`;
}

/** Of our user, ourselves and our threads left out; those that are dead already too. */
export async function ownProcesses(): Promise<ProcessStat[]> {
  const found = await processesOf(process.getuid?.() ?? 0);
  return found.filter(({ pid }) => pid !== process.pid);
}

/** @returns the living processes of a user; the entry below /proc of one that is closed belongs to root, so its status is read. */
export async function processesOf(uid: number): Promise<ProcessStat[]> {
  const all = await Promise.all(
    (await allProcesses()).map(async (stat) => ({ stat, status: await statusOf(stat.pid) })),
  );
  return all
    .filter(({ stat, status }) => !stat.isDead && /^Uid:\s+(\d+)/m.exec(status)?.[1] === String(uid))
    .map(({ stat }) => stat);
}

async function statusOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/status`, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  });
}

async function startedOnMachine(): Promise<string | undefined> {
  return /^processes (\d+)$/m.exec(await readFile('/proc/stat', 'utf8').catch(() => ''))?.[1];
}

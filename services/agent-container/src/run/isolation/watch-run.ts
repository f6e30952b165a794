// every quarter of a second: the processes of each run → its shell's step back behind everything else → memory and number in bounds? else the run's end
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, setPriority } from 'node:os';
import { AgentError } from '../../errors.ts';
import { type ProcessStat, statOf } from './process-group.ts';
import type { Confinement, Load } from './isolation.ts';
import { identity } from './prove-ended.ts';
import type { RunLimits } from './run-limits.ts';

const INTERVAL_MS = 250;
const KILOBYTE = 1_024;
const MEGABYTE = 1_024 * KILOBYTE;
const LOWEST_PRIORITY = 19;
/**
 * The part of the allowed processes at which a run counts as having all of them. The kernel lets it have no more, and those of a bomb begin and
 * end all the time, so that a look seldom sees the whole number. Twice running, so that a peak is none.
 */
const FULL = 0.9;
/** Of more threads of commands for each processor, others would feel each. A build that uses all processors has one or two. */
const CROWD_FOR_EACH_PROCESSOR = 4;

/** The watch over one run. */
export interface RunWatch {
  /** To be called once its processes run. @param pid of the wrapped command */
  begin(pid: number): void;
  /** Why the run was ended, if this or the kernel ended something of it. */
  readonly failure: AgentError | undefined;
  /** No process of the run is touched any more when this has resolved. */
  end(): Promise<void>;
}

/**
 * Limits of the kernel's own hold for each process, and where they are few for each user; what all of a run use together is counted here.
 * What the shell starts also gets the lowest priority, so that other runs go on, and is the first that the kernel ends when memory is short.
 */
export function watchRun(
  confinement: Confinement,
  limits: RunLimits,
  onError: (error: unknown) => void,
): RunWatch {
  const over = new AbortController();
  const state: { failure: AgentError | undefined } = { failure: undefined };
  let looking: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const seen = new Set<string>();
  let wasFull = false;
  let load: Load = 'alone';
  const look = async (pid: number): Promise<void> => {
    const { all, own } = await confinement.membersOf(pid);
    const now = loadOf(all.filter((stat) => !own.has(stat.pid) && !stat.isDead));
    if (now !== load) await confinement.giveWay?.(now);
    load = now;
    // Ours and the server's: a session's weight is that of all that is in it.
    const spared = new Set(all.filter((stat) => own.has(stat.pid)).map(({ session }) => session));
    spared.add((await statOf(process.pid))?.session ?? 0);
    for (const stat of all) {
      if (own.has(stat.pid) || seen.has(identity(stat))) continue;
      seen.add(identity(stat));
      await stepBack(stat, !spared.has(stat.session));
    }
    const isFull = threadsOf(all) >= limits.processes * FULL;
    const failure = isFull && wasFull ? tooMany(limits) : await excessOf(confinement, all, limits);
    wasFull = isFull;
    if (failure === undefined || over.signal.aborted) return;
    state.failure = failure;
    await confinement.kill(pid);
  };
  const next = (pid: number): void => {
    timer = setTimeout(() => {
      looking = look(pid)
        .catch(onError)
        .then(() => {
          if (!over.signal.aborted && state.failure === undefined) next(pid);
        });
    }, INTERVAL_MS);
  };
  return {
    begin: next,
    get failure() {
      return state.failure;
    },
    end: async () => {
      over.abort();
      clearTimeout(timer);
      await looking;
      // A bomb may have been over before anybody looked.
      if (state.failure === undefined && (await wasOutOfMemory(confinement)))
        state.failure = outOfMemory(limits);
    },
  };
}

/**
 * What has ended meanwhile, or is not ours to change, stays as it is.
 * @param withSession whether all of its session may step back: where the kernel weighs sessions and not processes (sched(7), "autogroup"), the
 *   session's priority counts.
 */
async function stepBack({ pid }: ProcessStat, withSession: boolean): Promise<void> {
  try {
    setPriority(pid, LOWEST_PRIORITY);
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  await tell(`/proc/${pid}/oom_score_adj`, '1000');
  if (withSession) await tell(`/proc/${pid}/autogroup`, String(LOWEST_PRIORITY));
}

async function tell(path: string, value: string): Promise<void> {
  try {
    await writeFile(path, value, { flag: 'r+' });
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

function tooMany({ processes }: RunLimits): AgentError {
  return ended(`The agent's commands started ${processes} processes or more and were ended`);
}

async function excessOf(
  confinement: Confinement,
  all: readonly ProcessStat[],
  limits: RunLimits,
): Promise<AgentError | undefined> {
  if (await wasOutOfMemory(confinement)) return outOfMemory(limits);
  const most = await Promise.all(all.map(({ pid }) => mostMemoryOf(pid)));
  const sum = most.reduce((total, bytes) => total + bytes, 0);
  if (sum <= limits.memoryBytes) return undefined;
  // Pages that processes share since a fork were counted for each of them; the exact figure takes longer.
  const exact = await Promise.all(all.map(({ pid }, index) => memoryOf(pid, most[index] ?? 0)));
  if (exact.reduce((total, bytes) => total + bytes, 0) <= limits.memoryBytes) return undefined;
  return outOfMemory(limits);
}

async function wasOutOfMemory(confinement: Confinement): Promise<boolean> {
  return (await confinement.wasOutOfMemory?.()) === true;
}

function loadOf(commands: readonly ProcessStat[]): Load {
  if (commands.length === 0) return 'alone';
  return threadsOf(commands) > CROWD_FOR_EACH_PROCESSOR * availableParallelism() ? 'crowd' : 'commands';
}

function threadsOf(all: readonly ProcessStat[]): number {
  return all.reduce((sum, { threads }) => sum + threads, 0);
}

function outOfMemory({ memoryBytes }: RunLimits): AgentError {
  return ended(`The agent's commands used more than ${sizeOf(memoryBytes)} of memory and were ended`);
}

/** The same turn would end so again. */
function ended(message: string): AgentError {
  return new AgentError('agent_overran', message);
}

function sizeOf(bytes: number): string {
  const megabytes = Math.round(bytes / MEGABYTE);
  return megabytes >= 1_024 ? `${Math.round(megabytes / 102.4) / 10} GB` : `${megabytes} MB`;
}

/** What it holds that no file backs (proc_pid_status(5)), in bytes. Programs and libraries are shared by all. */
async function mostMemoryOf(pid: number): Promise<number> {
  const status = await read(`/proc/${pid}/status`);
  return kilobytes(status, 'RssAnon') + kilobytes(status, 'RssShmem');
}

/** @param otherwise where the process does not let us look. */
async function memoryOf(pid: number, otherwise: number): Promise<number> {
  const rollup = await read(`/proc/${pid}/smaps_rollup`);
  if (rollup === '') return otherwise;
  return kilobytes(rollup, 'Pss_Anon') + kilobytes(rollup, 'Pss_Shmem');
}

function kilobytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * KILOBYTE;
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (isRefusal(error)) return '';
    throw error;
  });
}

function isRefusal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // `setPriority` gives the code within `info`.
  const info = error instanceof Error && 'info' in error ? (error.info as { code?: string }).code : undefined;
  return [code, info].some((it) =>
    ['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'EAGAIN', 'EINVAL'].includes(it ?? ''),
  );
}

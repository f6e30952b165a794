// /proc/<pid>/stat | ps → does the process that wrote its id down still run?
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process, as it can be told from a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** What `startOf` said of it; undefined when that was not known. */
  readonly started?: string | undefined;
}

/** `ps` reads a few kernel tables; longer than this and it hangs. In ms. */
const PS_TIMEOUT_MS = 1_000;
/** A zombie (Z) has ended and only waits for its parent to ask how; a dead one (X) is about to vanish: proc_pid_stat(5). */
const ENDED_STATES = 'ZXx';

/** @returns when the process started, in the system's own words; undefined when that cannot be told, as on Windows. */
export function startOf(pid: number): string | undefined {
  return lookAt(pid)?.started;
}

/**
 * @returns whether the process certainly no longer runs; false when that cannot be known. A zombie does not run. Of a process whose
 *   start is known, a later one with the same id is told apart.
 */
export function isProcessGone({ pid, started }: ProcessIdentity): boolean {
  if (!exists(pid)) return true;
  const seen = lookAt(pid);
  if (seen === undefined) return false;
  return ENDED_STATES.includes(seen.state) || (started !== undefined && started !== seen.started);
}

function exists(pid: number): boolean {
  try {
    // Signal 0 is not delivered: only the checks are made, https://man7.org/linux/man-pages/man2/kill.2.html
    process.kill(pid, 0);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ESRCH') return false;
    // It exists and is another user's.
    if (code === 'EPERM') return true;
    throw error;
  }
}

interface Seen {
  /** One letter: `R` runs, `Z` is a zombie, … */
  readonly state: string;
  readonly started: string;
}

/** @returns undefined for a process that cannot be looked at, which does not say that there is none: /proc may hide it. */
function lookAt(pid: number): Seen | undefined {
  if (process.platform === 'linux') return lookInProc(pid);
  return process.platform === 'win32' ? undefined : askPs(pid);
}

function lookInProc(pid: number): Seen | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The program's name stands in brackets and may hold anything; the fields after it are counted from the third on.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields[0], fields[19]];
  return state === undefined || started === undefined ? undefined : { state, started };
}

function askPs(pid: number): Seen | undefined {
  let line: string;
  try {
    line = execFileSync('/bin/ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: PS_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { LC_ALL: 'C', TZ: 'UTC' },
    });
  } catch {
    return undefined;
  }
  const [, state, started] = /^\s*(\S)\S*\s+(.+?)\s*$/.exec(line) ?? [];
  return state === undefined || started === undefined ? undefined : { state, started };
}

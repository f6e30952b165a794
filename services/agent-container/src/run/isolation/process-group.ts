import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isProcessGone } from '@omnicloud/storage';

/** Kills every process of the group; one that has no process left is none. */
export function killGroup(pid: number): void {
  kill(process.platform === 'win32' ? pid : -pid);
}

/** Kills the process; one that has ended already is none. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** A killed process may still finish a write; when it is not our child, nothing tells us but asking. Gives up after two seconds. */
export async function gone(pid: number): Promise<void> {
  for (let tries = 0; tries < 200 && !isProcessGone({ pid }); tries += 1) await delay(10);
}

/** What Linux says of a process in `/proc/<pid>/stat` (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** Since the boot, in clock ticks; tells a process from a later one with the same id. */
  readonly started: string;
  readonly group: number;
  readonly session: number;
  readonly threads: number;
  readonly isDead: boolean;
}

/** @returns undefined when there is no such process. Linux only. */
export async function statOf(pid: number): Promise<ProcessStat | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The program's name stands in brackets and may hold anything; the fields after it are counted from the third on.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      pid: Number.parseInt(stat),
      parent: Number(fields[1]),
      started: fields[19] ?? '',
      group: Number(fields[2]),
      session: Number(fields[3]),
      threads: Number(fields[17]),
      isDead: /^[ZX]/.test(fields[0] ?? ''),
    };
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

/** @returns all processes that can be seen. Linux only. */
export async function allProcesses(): Promise<ProcessStat[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  return (await Promise.all(ids.map(statOf))).filter((stat) => stat !== undefined);
}

export async function childrenOf(pid: number): Promise<number[]> {
  return (await allProcesses()).filter(({ parent }) => parent === pid).map((stat) => stat.pid);
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** Drawn anew by every process, for process ids return: a restarted container's first one is always the same. */
const PROCESS = randomUUID().slice(0, 8);

/** @returns a name for one run of this process, which tells people where it is. */
export function holderName(): string {
  return `${hostname()}/${process.pid}/${PROCESS}/${randomUUID().slice(0, 8)}`;
}

/** @returns whether the process that gave itself this name certainly no longer exists; false when that cannot be known from here. */
export function isHolderGone(holder: string): boolean {
  const [host, pid, processName] = holder.split('/');
  if (host !== hostname() || !/^\d+$/.test(pid ?? '')) return false;
  if (Number(pid) === process.pid) return processName !== PROCESS;
  try {
    // Signal 0 is not delivered: only the checks are made.
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ESRCH') return true;
    if (code === 'EPERM') return false;
    throw error;
  }
}

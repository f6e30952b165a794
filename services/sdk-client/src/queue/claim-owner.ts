import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** The process that holds a delivery. */
export interface ClaimOwner {
  /** Process ids mean nothing outside their host (or container: its name is its host name). */
  readonly host: string;
  readonly pid: number;
  /** Drawn anew by every process, for process ids return: a restarted container's first one is always the same. */
  readonly processId: string;
}

export const THIS_PROCESS: ClaimOwner = { host: hostname(), pid: process.pid, processId: randomUUID() };

/** @returns whether the owner certainly no longer exists; false when that cannot be known from here. */
export function isGone(owner: ClaimOwner): boolean {
  if (owner.host !== THIS_PROCESS.host) return false;
  if (owner.pid === THIS_PROCESS.pid) return owner.processId !== THIS_PROCESS.processId;
  try {
    // Signal 0 is not delivered: only the checks are made, https://man7.org/linux/man-pages/man2/kill.2.html
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ESRCH') return true;
    if (code === 'EPERM') return false;
    throw error;
  }
}

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { isProcessGone, startOf } from '@omnicloud/storage';

/** The process that holds a delivery. */
export interface ClaimOwner {
  /** Process ids mean nothing outside their host (or container: its name is its host name). */
  readonly host: string;
  readonly pid: number;
  /** When the process started, in the system's own words; null when that is not known. */
  readonly started: string | null;
  /** Drawn anew by every process, for process ids return: a restarted container's first one is always the same. */
  readonly processId: string;
}

export const THIS_PROCESS: ClaimOwner = {
  host: hostname(),
  pid: process.pid,
  started: startOf(process.pid) ?? null,
  processId: randomUUID(),
};

/** @returns whether the owner certainly no longer runs; false when that cannot be known from here. */
export function isGone(owner: ClaimOwner): boolean {
  if (owner.host !== THIS_PROCESS.host) return false;
  if (owner.pid === THIS_PROCESS.pid) return owner.processId !== THIS_PROCESS.processId;
  return isProcessGone({ pid: owner.pid, started: owner.started ?? undefined });
}

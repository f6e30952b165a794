import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { isProcessGone, startOf } from '@omnicloud/storage';

/** Drawn anew by every process, for process ids return: a restarted container's first one is always the same. */
const PROCESS = randomUUID().slice(0, 8);
/** As one word: what `ps` says of it has spaces. */
const STARTED = Buffer.from(startOf(process.pid) ?? '').toString('base64url');

/** @returns a name for one run of this process, which tells people where it is. */
export function holderName(): string {
  return `${hostname()}/${process.pid}/${PROCESS}/${randomUUID().slice(0, 8)}/${STARTED}`;
}

/** @returns whether the process that gave itself this name certainly no longer runs; false when that cannot be known from here. */
export function isHolderGone(holder: string): boolean {
  const [host, pid, processName, , started = ''] = holder.split('/');
  if (host !== hostname() || !/^\d+$/.test(pid ?? '')) return false;
  if (Number(pid) === process.pid) return processName !== PROCESS;
  const start = Buffer.from(started, 'base64url').toString();
  return isProcessGone({ pid: Number(pid), started: start === '' ? undefined : start });
}

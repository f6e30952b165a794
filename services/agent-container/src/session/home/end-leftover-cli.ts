import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gone, killGroup } from '../../run/isolation/process-group.ts';
import type { SessionHome } from './session-home.ts';

/**
 * A server that was killed leaves its busy CLI running, which would go on writing into the session's home.
 * To be called before the session is restored there, and before the home is removed: then nothing names the process any more.
 */
export async function endLeftoverCli(home: SessionHome): Promise<void> {
  const pid = Number(await readFile(home.processFile, 'utf8').catch(undefinedWhenMissing));
  if (!Number.isInteger(pid) || pid <= 1) return;
  // Process ids are used again: only a process that was started for this very session is ours.
  if ((await commandLine(pid)).includes(home.sessionId)) {
    killGroup(pid);
    await gone(pid);
  }
  await rm(home.processFile, { force: true });
}

/** @returns the process's arguments; empty when there is no such process or the platform has no `ps`. */
async function commandLine(pid: number): Promise<string> {
  // Slim images have no `ps`, but Linux has this.
  if (process.platform === 'linux') {
    const read = readFile(`/proc/${pid}/cmdline`, 'utf8');
    return (await read.catch(undefinedWhenMissing)) ?? '';
  }
  const ps = promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)]);
  return ps.then(
    ({ stdout }) => stdout,
    () => '',
  );
}

function undefinedWhenMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

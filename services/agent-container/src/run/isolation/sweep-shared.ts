// a run is over → what its user left where all runs may write: files, shared memory, message queues, semaphores
import { execFile } from 'node:child_process';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeTree } from '../../session/home/remove-tree.ts';

const SHARED_FOLDERS = ['/tmp', '/var/tmp', '/dev/shm', '/dev/mqueue', '/run/lock'];
/** What `ipcrm` (util-linux) calls each, and the columns of id and owner in /proc/sysvipc (proc_sysvipc(5)). */
const OBJECTS = [
  { kind: 'shm', option: '-m' },
  { kind: 'msg', option: '-q' },
  { kind: 'sem', option: '-s' },
] as const;

/**
 * @param uid of the run; everything there that belongs to it goes, but for what is kept.
 * @param kept the paths, in the shared folders, of what was there before the run or holds what is ours.
 */
export async function sweepShared(uid: number, kept: ReadonlySet<string> = new Set()): Promise<void> {
  for (const path of await ownedShared(uid)) {
    if (!kept.has(path)) await removeTree(path);
  }
  for (const { kind, option } of OBJECTS) {
    for (const id of await objectsOf(uid, kind)) await promisify(execFile)('ipcrm', [option, id]);
  }
}

/** @returns the paths in the shared folders that belong to the user; a folder of somebody else's is not looked into. */
export async function ownedShared(uid: number): Promise<string[]> {
  const owned: string[] = [];
  for (const folder of SHARED_FOLDERS) {
    for (const name of await readdir(folder).catch(noneWhenShut)) {
      const stats = await lstat(join(folder, name)).catch(() => undefined);
      if (stats?.uid === uid) owned.push(join(folder, name));
    }
  }
  return owned;
}

async function objectsOf(uid: number, kind: string): Promise<string[]> {
  const [head = '', ...lines] = (await readFile(`/proc/sysvipc/${kind}`, 'utf8').catch(() => '')).split('\n');
  const names = head.trim().split(/\s+/);
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[names.indexOf('uid')] === String(uid))
    .map((fields) => fields[1] ?? '');
}

function noneWhenShut(error: unknown): string[] {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'EACCES') return [];
  throw error;
}

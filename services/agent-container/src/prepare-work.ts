// the work folder → what a killed server left in it is counted, and removed where it is too much → the watch over its disk
import { mkdirSync } from 'node:fs';
import type { AgentLog } from './agent-log.ts';
import { type DiskLimits, DiskWatch } from './run/disk/disk-watch.ts';
import { Homes, LONE_HOME_LIMITS } from './session/home/idle-homes.ts';

export interface WorkOptions {
  /** The folder; it is made, and may be lost at any time. */
  readonly workRoot: string;
  /** Folders on this machine that hold stores: a run may neither read them nor fill their disk. */
  readonly storeFolders: readonly string[];
  /** Whether the platform never has two runs in this process at once, as on Lambda. */
  readonly isOneRunAtATime: boolean;
  readonly diskLimits?: Partial<DiskLimits> | undefined;
  readonly log: Pick<AgentLog, 'error'>;
}

/** Where sessions are laid out while they run. */
export interface WorkPlace extends Pick<WorkOptions, 'workRoot' | 'storeFolders' | 'isOneRunAtATime'> {
  readonly homes: Homes;
  readonly disk: DiskWatch;
}

/** To be called before the stores are opened: what a killed server left behind may be what fills their disk. */
export async function prepareWork(options: WorkOptions): Promise<WorkPlace> {
  const { workRoot, storeFolders, isOneRunAtATime, diskLimits, log } = options;
  const onError = (error: unknown): void => log.error('The work folder', error);
  mkdirSync(workRoot, { recursive: true, mode: 0o700 });
  const homes = new Homes(workRoot, onError, isOneRunAtATime ? LONE_HOME_LIMITS : undefined);
  await homes.scan();
  const disk = new DiskWatch({ workRoot, alsoFree: storeFolders, limits: diskLimits, onError });
  return { workRoot, storeFolders, isOneRunAtATime, homes, disk };
}

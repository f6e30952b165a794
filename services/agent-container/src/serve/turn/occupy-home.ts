// restore, and a heading in the debug log → (the run) → what the run leaves behind is removed
import { AgentError, toAgentError } from '../../errors.ts';
import { headDebugLog } from '../../session/debug-log.ts';
import type { DiskWatch } from '../../run/disk/disk-watch.ts';
import { dropAllButLog } from '../../session/files/drop-files.ts';
import type { Homes } from '../../session/home/idle-homes.ts';
import type { Losses } from '../../session/losses.ts';
import { removeTree } from '../../session/home/remove-tree.ts';
import { restore, type StoredSession } from '../../session/restore.ts';
import type { WorkspaceLimits } from '../../session/home/scan-home.ts';
import type { SessionHome } from '../../session/home/session-home.ts';

export interface HomeDeps {
  /** Sessions are laid out below this directory, each in one of its own. */
  readonly workRoot: string;
  /** The image's `agent/` folder. */
  readonly imageFolder: string;
  /** What of a workspace is saved; 256 MB in 20,000 files unless given. */
  readonly workspaceLimits?: WorkspaceLimits;
  /** What is in the work folder, and who is in it. */
  readonly homes: Homes;
  /** Ends a run that fills the disk; nobody does unless given. */
  readonly disk?: DiskWatch;
  readonly onError: (error: AgentError, sessionId: string) => void;
}

/** A session's home while a run is in it. */
export interface OccupiedHome extends AsyncDisposable {
  /** Files of earlier turns that could not be had again, if there are any. */
  readonly lost: Pick<Losses, 'files' | 'is_list_lost'>;
  /** Aborts with an AgentError when the run must end at once, because it fills the disk. */
  readonly ended: AbortSignal;
}

/**
 * Lays a session out on this machine until it is disposed of. A home that was not saved by then is dropped.
 * @param key under which the caller knows the turn.
 * @param beforeDrop called before that.
 * @throws AgentError `internal`, `store_unavailable`, `disk_full`; then nothing has to be disposed of.
 */
export async function occupyHome(
  stored: StoredSession,
  home: SessionHome,
  {
    key,
    deps,
    beforeDrop = () => Promise.resolve(),
  }: {
    readonly key: string | undefined;
    readonly deps: HomeDeps;
    readonly beforeDrop?: () => Promise<void> | undefined;
  },
): Promise<OccupiedHome> {
  const { homes, disk } = deps;
  const report = (error: unknown): void => deps.onError(toAgentError(error), home.sessionId);
  await disk?.admit();
  const use = await homes.use(home);
  const watched = disk?.watch(home, {
    bytes: storedBytes(stored),
    files: stored.files?.snapshot.entries.length ?? 0,
  });
  const leave = async (): Promise<void> => {
    await use.end(async () => {
      // Also the log is saved to a disk, often to the same one.
      if (watched?.ended.aborted) await dropAllButLog(home);
      await beforeDrop();
    });
    watched?.[Symbol.dispose]();
    await homes.makeRoom();
  };
  try {
    await homes.makeRoom();
    const lost = await restore(stored, home, {
      imageFolder: deps.imageFolder,
      excludes: deps.workspaceLimits?.excludes,
    });
    const [first] = lost;
    if (first)
      report(
        new AgentError('internal', `${lost.length} files could not be restored, ${first.path} the first`, {
          cause: first.cause,
        }),
      );
    await headDebugLog(home, key, new Date());
    return {
      lost: {
        ...(first ? { files: lost.length } : {}),
        ...(stored.isFileListLost ? { is_list_lost: true } : {}),
      },
      ended: watched?.ended ?? new AbortController().signal,
      [Symbol.asyncDispose]: async () => {
        try {
          await removeTree(home.temporary);
        } catch (error) {
          report(error);
        }
        await leave();
      },
    };
  } catch (error) {
    await leave();
    throw error;
  }
}

/** @returns what the files of the session take in its home, as far as they are stored. */
function storedBytes({ files, conversation }: StoredSession): number {
  const entries = files?.snapshot.entries ?? [];
  return entries.reduce(
    (sum, entry) => sum + (entry.type === 'file' ? entry.size : 0),
    conversation?.byteLength ?? 0,
  );
}

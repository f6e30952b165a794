// restore, and a heading in the debug log → (the run) → what the run leaves behind is removed
import type { WorkspaceFigures } from '@omnicloud/protocol';
import { AgentError, toAgentError } from '../errors.ts';
import { headDebugLog } from '../session/debug-log.ts';
import { type IdleHomeLimits, removeIdleHomes, useHome } from '../session/idle-homes.ts';
import { removeTree } from '../session/remove-tree.ts';
import { restore, type StoredSession } from '../session/restore.ts';
import type { WorkspaceLimits } from '../session/scan-home.ts';
import type { SessionHome } from '../session/session-home.ts';

export interface HomeDeps {
  /** Sessions are laid out below this directory, each in one of its own. */
  readonly workRoot: string;
  /** The image's `agent/` folder. */
  readonly imageFolder: string;
  /** What of a workspace is saved; 256 MB in 20,000 files unless given. */
  readonly workspaceLimits?: WorkspaceLimits;
  /** What stays on this machine of sessions that do not run; see `IDLE_HOME_LIMITS` unless given. */
  readonly idleHomeLimits?: IdleHomeLimits;
  readonly onError: (error: AgentError, sessionId: string) => void;
}

/** A session's home while a run is in it. */
export interface Stay extends AsyncDisposable {
  /** Files of earlier turns that could not be had again, if there are any. */
  readonly lost: Pick<WorkspaceFigures, 'lost' | 'is_list_lost'>;
}

/**
 * Lays a session out on this machine until it is disposed of.
 * @param key under which the caller knows the turn.
 * @throws AgentError `internal`, `store_unavailable`; then nothing has to be disposed of.
 */
export async function stayInHome(
  stored: StoredSession,
  home: SessionHome,
  key: string | undefined,
  deps: HomeDeps,
): Promise<Stay> {
  const use = useHome(home);
  const report = (error: unknown): void => deps.onError(toAgentError(error), home.sessionId);
  const makeRoom = async (): Promise<void> => {
    try {
      await removeIdleHomes(deps.workRoot, deps.idleHomeLimits);
    } catch (error) {
      report(error);
    }
  };
  try {
    // What the last run filled was not idle when it ended.
    await makeRoom();
    const lost = await restore(stored, home, deps.imageFolder, deps.workspaceLimits?.excludes);
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
        ...(first ? { lost: lost.length } : {}),
        ...(stored.isFileListLost ? { is_list_lost: true } : {}),
      },
      [Symbol.asyncDispose]: async () => {
        try {
          await removeTree(home.temporary);
        } catch (error) {
          report(error);
        }
        await makeRoom();
        use[Symbol.dispose]();
      },
    };
  } catch (error) {
    use[Symbol.dispose]();
    throw error;
  }
}

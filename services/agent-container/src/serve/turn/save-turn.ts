// a run that has ended → its session stored, the conversation's mapping saved → or the files alone, when that fails
import { type RunEvent } from '@omnicloud/protocol';
import { outboxObject, sessionObjectKey } from '@omnicloud/storage';
import { AgentError, toAgentError } from '../../errors.ts';
import type { Outbox } from '../../session/files/outbox.ts';
import type { SessionHome } from '../../session/home/session-home.ts';
import { questionDigest } from '../../session/last-turn.ts';
import { persist } from '../../session/persist.ts';
import { putPersistently } from '../../session/store/put-persistently.ts';
import { ownerMark } from '../../session/store/session-owner.ts';
import type { TurnResult } from './closing-events.ts';
import { saveMapping } from './save-mapping.ts';
import type { TurnDeps, TurnToRun } from './turn-to-run.ts';

/** What is to be told of a turn that could not be saved. */
export interface Unsaved {
  lostFiles: number;
}

interface UnsavedTurn {
  readonly turn: TurnToRun;
  readonly home: SessionHome;
  readonly outbox: Outbox;
  readonly unsaved: Unsaved;
}

/** No name of these files is ever used again, so whoever has lost the session harms nobody with them. */
export async function* storeUnsaved(
  { turn, home, outbox, unsaved }: UnsavedTurn,
  deps: TurnDeps,
): AsyncGenerator<RunEvent, void, undefined> {
  const mark = ownerMark(home.sessionId, turn.conversation);
  for (const { file, read } of outbox.files) {
    try {
      // Without it, nobody who names this conversation is given the file.
      if (mark) await putPersistently(deps.store, { ...mark, delaysMs: deps.saveRetryDelaysMs });
      const key = sessionObjectKey(home.sessionId, outboxObject(file.file_id));
      await putPersistently(deps.store, { key, body: await read(), delaysMs: deps.saveRetryDelaysMs });
    } catch (error) {
      deps.onError(toAgentError(error), home.sessionId);
      unsaved.lostFiles += 1;
      continue;
    }
    yield { type: 'file', ...file };
  }
}

interface FinishedRun {
  readonly home: SessionHome;
  readonly result: Omit<TurnResult, 'workspace'>;
  readonly outbox: Outbox;
}

/** Stores what the run did and who the conversation belongs to. @returns what of the workspace was left out. */
export async function saveTurn(
  turn: TurnToRun,
  { home, result, outbox }: FinishedRun,
  deps: TurnDeps,
): Promise<TurnResult['workspace']> {
  const key = turn.idempotencyKey;
  const lastTurn =
    key === undefined
      ? undefined
      : { idempotency_key: key, question_sha256: questionDigest(turn), ...result };
  const { version: before, files } = turn.stored;
  const workspace = await persist(home, deps.store, {
    before,
    files,
    limits: deps.workspaceLimits,
    turn: lastTurn,
    conversation: turn.conversation,
    outbox: outbox.files,
    confirm: () => turn.held.confirm(),
    retryDelaysMs: deps.saveRetryDelaysMs,
    onLeftover: (error) => deps.onError(toAgentError(error), turn.sessionId),
  });
  if (turn.mapping) await claimed(saveMapping(turn.mapping, { ...deps, ...turn }));
  return workspace;
}

/** The turn itself is saved by now: asked again, it is answered from there, so this is no answer that could not be saved. */
export async function claimed(saving: Promise<void>): Promise<void> {
  try {
    await saving;
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError('internal', 'The conversation could not be given to its session', { cause: error });
  }
}

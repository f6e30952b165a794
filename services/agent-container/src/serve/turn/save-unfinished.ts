// a run that failed → what it finished → saved as an unfinished turn, under the same rules as a finished one
import { stat } from 'node:fs/promises';
import type { WireErrorCode } from '@omnicloud/protocol';
import type { AgentError } from '../../errors.ts';
import { toAgentError } from '../../errors.ts';
import { inSlices } from '../../session/store/in-slices.ts';
import { questionDigest, refusedFrom, type TurnToKeep } from '../../session/last-turn.ts';
import type { Losses } from '../../session/losses.ts';
import type { Outbox } from '../../session/files/outbox.ts';
import { persist, readTranscript, type Saving } from '../../session/persist.ts';
import type { SessionHome } from '../../session/home/session-home.ts';
import { unfinishedTurn, withoutWork } from '../../session/transcript/unfinished-turn.ts';
import { afterEarlier, type Earlier } from './go-on.ts';
import type { TurnDeps, TurnToRun } from './turn-to-run.ts';
import { saveMapping } from './save-mapping.ts';

/** Of a session that is another's, or of a run that harms the machine, nothing is saved. */
const NEVER_SAVED: readonly WireErrorCode[] = [
  'lease_lost',
  'agent_overran',
  'disk_exceeded',
  'disk_full',
  'conversation_too_large',
];

export interface FailedRun {
  readonly error: AgentError;
  readonly home: SessionHome;
  readonly outbox: Outbox;
  /** What earlier runs of the turn had finished. */
  readonly earlier: Earlier | undefined;
  /** What all runs of the turn have lost. */
  readonly lost: Losses | undefined;
  /** How many bytes the transcript had when the run began; see `transcriptBytes`. */
  readonly beganAt: number;
}

/** @returns the size of the transcript in a home; 0 when there is none. */
export async function transcriptBytes({ transcript }: SessionHome): Promise<number> {
  try {
    return (await stat(transcript)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}

/**
 * Saves the question, the finished tool calls, the files and what was said of a run that failed, so that its next try goes on from there and
 * repeats nothing. Without a finished tool call there is nothing to repeat, and nothing is saved. Never throws: the run's own failure is
 * what the caller is to be told; that it could not be saved is reported.
 *
 * What the model refused must not be sent again and again. A question that is refused at once is not saved. When the refusal comes
 * later, all is kept; if then the next turn is refused at once, the work that was refused is taken out, and its question stays.
 * @returns what all runs of the turn have come to; undefined when nothing was saved.
 */
export async function saveUnfinished(
  turn: TurnToRun,
  run: FailedRun,
  deps: TurnDeps,
): Promise<Earlier | undefined> {
  if (NEVER_SAVED.includes(run.error.code) || turn.held.lost.aborted) return undefined;
  try {
    return await save(turn, run, deps);
  } catch (error) {
    deps.onError(toAgentError(error), turn.sessionId);
    return undefined;
  }
}

async function save(
  turn: TurnToRun,
  { error, home, outbox, earlier, lost, beganAt }: FailedRun,
  deps: TurnDeps,
): Promise<Earlier | undefined> {
  if (beganAt === 0 && (await transcriptBytes(home)) === 0) return undefined;
  const unfinished = await inSlices(unfinishedTurn(await readTranscript(home), beganAt));
  if (!unfinished) {
    if (error.isContentRefused) await takeRefusedOut(turn, home, deps);
    return undefined;
  }
  const files = [...(earlier?.files ?? []), ...outbox.files.map(({ file }) => file)];
  const reached: Earlier = { answer: afterEarlier(earlier, unfinished.said), files, lost };
  await persist(home, deps.store, {
    ...savingOf(turn, deps),
    transcript: unfinished.transcript,
    turn: lastTurnOf(turn, reached, error.isContentRefused ? beganAt : undefined),
    outbox: outbox.files,
  });
  if (turn.mapping) await saveMapping(turn.mapping, { ...deps, ...turn });
  return reached;
}

async function takeRefusedOut(turn: TurnToRun, home: SessionHome, deps: TurnDeps): Promise<void> {
  const { conversation } = turn.stored;
  const from = refusedFrom(turn.stored);
  if (!conversation || from === undefined) return;
  await persist(home, deps.store, {
    ...savingOf(turn, deps),
    transcript: await inSlices(withoutWork(conversation, from)),
  });
}

function savingOf(turn: TurnToRun, deps: TurnDeps): Saving {
  const { version: before, files } = turn.stored;
  return {
    before,
    conversation: turn.conversation,
    files,
    limits: deps.workspaceLimits,
    confirm: () => turn.held.confirm(),
    retryDelaysMs: deps.saveRetryDelaysMs,
    onLeftover: (error) => deps.onError(toAgentError(error), turn.sessionId),
  };
}

function lastTurnOf(
  turn: TurnToRun,
  { answer, files, lost }: Earlier,
  refused: number | undefined,
): TurnToKeep | undefined {
  const { idempotencyKey: key } = turn;
  if (key === undefined) return undefined;
  return {
    idempotency_key: key,
    question_sha256: questionDigest(turn),
    answer,
    files: [...files],
    is_unfinished: true,
    ...(refused === undefined ? {} : { refused_from: refused }),
    ...(lost === undefined ? {} : { lost }),
    is_stopped: false,
    is_paused: false,
    cost_usd: 0,
    turns: 0,
    usage: { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 },
  };
}

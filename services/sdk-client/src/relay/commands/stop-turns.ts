// /stop → what waits before it is dropped, by its marks in the ledger → 👀 goes → one message says what was stopped
import { sessionKeyOf, type Turn } from '@omnicloud/protocol';
import type { StopRequests } from '@omnicloud/storage';
import type { Backlog, BacklogEntry } from '../../queue/backlog/backlog.ts';
import type { Outcome } from '../../queue/turn-queue.ts';
import { TEXTS } from '../../reply/texts.ts';
import { markAll } from '../../turn/merge-turns.ts';
import { takeMarksOff } from '../show-waiting.ts';
import { stopWaiting, type StopWaitingDeps } from './stop-waiting.ts';
import { say } from '../deliver-answer.ts';
import type { ReplyContext } from '../reply-context.ts';
import type { TurnLedger } from '../../turn/turn-ledger.ts';

export interface StopDeps extends StopWaitingDeps {
  readonly backlog: Pick<Backlog, 'add' | 'list' | 'remove'>;
  readonly stops: Pick<StopRequests, 'request'>;
}

/**
 * Answers `/stop`. A message that nobody has begun with counts as answered by this one, as a merged one does; what was begun, or cannot be seen, learns
 * of the stop itself and says so.
 */
export async function stopTurns(turn: Turn, context: ReplyContext, deps: StopDeps): Promise<Outcome> {
  const texts = TEXTS[context.language];
  if (!(await isStopNoted(turn, context, deps))) return say(context, texts.notStopped);
  const entries = await before(turn, context, deps);
  const dropped = await drop(turn, entries, context, deps);
  const isWaitEnded = await stopWaiting(turn, deps);
  if (dropped.length === 0 && !isWaitEnded && !(await isAnyRunning(entries, deps.ledger)))
    return say(context, texts.nothingRunning);
  return say(context, texts.stopped(dropped.length));
}

/** The stop was written down when the update was received, unless that failed; once more changes nothing. */
async function isStopNoted(turn: Turn, { onError }: ReplyContext, { stops }: StopDeps): Promise<boolean> {
  try {
    await stops.request(sessionKeyOf(turn), turn.update_id);
    return true;
  } catch (error) {
    onError(error);
    return false;
  }
}

/** @returns what was asked before the stop and is not done; nothing when that cannot be seen. */
async function before(turn: Turn, { onError }: ReplyContext, { backlog }: StopDeps): Promise<BacklogEntry[]> {
  try {
    const entries = await backlog.list(sessionKeyOf(turn));
    return entries.filter((entry) => entry.turn.update_id < turn.update_id);
  } catch (error) {
    onError(error);
    return [];
  }
}

/** @returns the updates that nobody answers any more. */
async function drop(
  turn: Turn,
  entries: readonly BacklogEntry[],
  { progress, chat, onError }: ReplyContext,
  { ledger, backlog }: StopDeps,
): Promise<readonly number[]> {
  const messages = entries.map((entry) => entry.turn).filter(({ ask }) => ask.kind === 'message');
  if (progress.merged === undefined) {
    const marked = await markAll(messages, turn, ledger);
    await progress.saveMerged(
      [...marked].map(({ update_id: updateId, message_id: messageId }) => ({
        updateId,
        messageId,
        text: '',
      })),
    );
  }
  const dropped = progress.merged?.map(({ updateId }) => updateId) ?? [];
  await takeMarksOff(dropped, entries, { chat, onError });
  if (dropped.length > 0) await backlog.remove(sessionKeyOf(turn), dropped).catch(onError);
  return dropped;
}

async function isAnyRunning(entries: readonly BacklogEntry[], ledger: TurnLedger): Promise<boolean> {
  for (const { turn } of entries) {
    const record = await ledger.find(turn.update_id);
    if (record?.state !== 'delivered') return true;
  }
  return false;
}

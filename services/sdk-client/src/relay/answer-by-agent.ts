// backlog → messages that belong together → their files → one run → say the answer | go on later | try again
import { setTimeout as delay } from 'node:timers/promises';
import { groupOf, type RunEvent, sessionKeyOf, type Turn } from '@omnicloud/protocol';
import type { SessionTable, StopRequests } from '@omnicloud/storage';
import { type ClientError, TelegramError } from '../errors.ts';
import type { Backlog, BacklogEntry } from '../queue/backlog/backlog.ts';
import { isStoreOutage } from '../queue/outage.ts';
import { MAX_TRIES, type Outcome } from '../queue/turn-queue.ts';
import { annotateAnswer, withLosses, withMissingFiles, withNote } from '../reply/annotate-answer.ts';
import { failureReason } from '../reply/failure-reasons.ts';
import { type Language, TEXTS } from '../reply/texts.ts';
import { keepTyping } from '../reply/typing.ts';
import type { AgentServer } from './agent/agent-client.ts';
import { measure, sayAnswered, savePausedAnswer, withMissing } from './end-run.ts';
import { mergeTurns, questionOf } from '../turn/merge-turns.ts';
import type { Meter } from './meter.ts';
import { forOwner } from './owner-notices.ts';
import type { Relayed } from './relay-answer.ts';
import { relayRun } from './relay-run.ts';
import { showWaiting, takeMarksOff } from './show-waiting.ts';
import { type AttachmentDeps, storeAttachments, storedBefore } from './files/store-attachments.ts';
import { putOff } from '../turn/put-off.ts';
import { say } from './deliver-answer.ts';
import { openReply, type ReplyDeps } from './open-reply.ts';
import type { ReplyContext } from './reply-context.ts';
import type { TurnLedger } from '../turn/turn-ledger.ts';
import type { TurnProgress } from '../turn/turn-progress.ts';
import { isOutage, type OutageDeps, waitOut } from './wait-out.ts';

export interface AnswerDeps extends ReplyDeps, AttachmentDeps, OutageDeps {
  readonly backlog: Pick<Backlog, 'add' | 'list' | 'remove'>;
  readonly table: SessionTable;
  readonly ledger: TurnLedger;
  readonly stops: Pick<StopRequests, 'isStopped'>;
  readonly agent: AgentServer;
  readonly albumWaitMs?: number;
  readonly maxContinuations?: number;
  readonly timeLimitMs?: () => number;
  readonly onEvent?: (event: RunEvent) => void;
  readonly meter: Meter;
}

/** A session that is in use may be let go of at any moment. In ms. */
const LONGEST_BUSY_WAIT_MS = 2_000;
const SHORTEST_BUSY_WAIT_MS = 100;
/** So many that are seen before a turn are looked up in the ledger; the next turn looks further. */
const MOST_LOOKED_UP = 20;
/** Telegram sends the messages of an album at once, but each may meet a function that starts first. In ms. */
const ALBUM_WAIT_MS = 1_500;

/** Lets the agent answer the turn, and with it the messages right behind it. */
export async function answerByAgent(
  turn: Turn,
  text: string,
  { progress, attempt }: { readonly progress: TurnProgress; readonly attempt: number },
  deps: AnswerDeps,
): Promise<Outcome> {
  await untilAlbumIsThere(turn, progress, deps);
  // First the backlog, then the stop: a message in between the two is not stopped with those before it.
  const entries = await backlogOf(turn, deps);
  const isStopped = await deps.stops.isStopped(sessionKeyOf(turn), turn.update_id);
  const merged = isStopped ? [] : await mergeTurns(turn, progress, entries, deps);
  const context = openReply(turn, progress, merged.at(-1)?.messageId ?? turn.message_id, deps);
  const taken = [turn.update_id, ...merged.map(({ updateId }) => updateId)];
  // Beside the run: of many messages this takes seconds.
  const marksOff = takeMarksOff(taken, entries, context);
  if (isStopped) {
    await marksOff;
    // Still queued when the user said stop; after a pause, what there is stays.
    return say(context, stoppedText(progress, context.language));
  }
  const stopShowing = showWaiting(turn, taken, context, deps);
  const stopTyping = keepTyping(context.chat, context);
  try {
    // After a pause, the agent has them already.
    const storing = { merged, decided: progress.missing };
    const stored =
      progress.paused.runs > 0
        ? storedBefore(turn, storing)
        : await storeAttachments(
            turn,
            { ...storing, isLastTry: attempt >= MAX_TRIES, onError: context.onError },
            deps,
          );
    if (stored.kind !== 'stored') return await untilThereAreFiles(stored.error, context, deps);
    const { attachments, missing } = stored;
    const hasFiles = attachments.length + missing.length > 0;
    if (hasFiles && progress.missing === undefined) await progress.saveMissing(missing);
    const question = questionOf(text, merged);
    if (question === '' && attachments.length === 0)
      return await say(context, withMissingFiles('', missing, context.language));
    const asked = { text: question, attachments, missing };
    const relayed = await relayRun(turn, asked, context, {
      ...deps,
      onResult: (result) => measure(result, turn, deps.meter),
    });
    return await conclude(relayed, turn, context, deps);
  } finally {
    stopTyping();
    await Promise.all([stopShowing(), marksOff]);
  }
}

/**
 * Without the view nothing is merged and nothing is marked; the turn is answered all the same. What is seen before the turn is done, as a rule: a
 * copy of its update came later and brought it into view again. Or two updates were noted in another order than they were queued in.
 * @returns what is in view from the turn on.
 */
async function backlogOf(turn: Turn, { backlog, ledger, onError }: AnswerDeps): Promise<BacklogEntry[]> {
  try {
    const group = groupOf(turn);
    const entries = await backlog.list(group);
    const position = entries.findIndex((entry) => entry.turn.update_id === turn.update_id);
    if (position <= 0) return entries;
    const done: number[] = [];
    for (const { turn: before } of entries.slice(0, Math.min(position, MOST_LOOKED_UP))) {
      const record = await ledger.find(before.update_id);
      if (record?.state === 'delivered' || record?.state === 'merged') done.push(before.update_id);
    }
    if (done.length > 0) await backlog.remove(group, done);
    return entries.slice(position);
  } catch (error) {
    onError(error, turn);
    return [];
  }
}

/** Files sent together come as one message each, all within a moment; whoever is first waits for the others, once. */
async function untilAlbumIsThere(
  { ask }: Turn,
  { isFirst }: TurnProgress,
  { albumWaitMs = ALBUM_WAIT_MS }: AnswerDeps,
): Promise<void> {
  if (isFirst && ask.kind === 'message' && ask.album !== undefined) await delay(albumWaitMs);
}

/** A file may be had later: the turn is tried again. */
async function untilThereAreFiles(
  error: ClientError,
  context: ReplyContext,
  deps: AnswerDeps,
): Promise<Outcome> {
  context.onError(error);
  if (isStoreOutage(error)) return waitOut({ code: 'store_unavailable' }, context, deps);
  // One file that Telegram does not hand over is no outage.
  if (error instanceof TelegramError && error.mayHaveLanded && !(await context.chat.isThere()))
    return waitOut({ code: 'telegram_unavailable' }, context, deps);
  return error instanceof TelegramError && error.retryAfterMs !== undefined
    ? putOff(context.progress, error.retryAfterMs)
    : { kind: 'retry' };
}

/** @returns the end of a turn that was stopped while it was queued or waited: what was said before stays. */
export function stoppedText(progress: TurnProgress, language: Language): string {
  const { text } = progress.paused;
  return withLosses(annotateAnswer(text, [{ kind: 'stopped' }], language), progress, language);
}

async function conclude(
  relayed: Relayed,
  turn: Turn,
  context: ReplyContext,
  deps: AnswerDeps,
): Promise<Outcome> {
  const { meter } = deps;
  const { progress, reply, language } = context;
  switch (relayed.kind) {
    case 'answered':
      return sayAnswered(relayed, context, meter);
    case 'paused':
      await reply.rest();
      await savePausedAnswer(relayed, context);
      return { kind: 'later', afterMs: 0 };
    case 'failed':
      context.onError(relayed.error);
      if (relayed.busyUntil !== undefined) {
        meter.add('SessionBusy', 1);
        await reply.rest();
        return putOff(progress, busyWaitMs(relayed.busyUntil));
      }
      if (relayed.isRetryable) {
        // What earlier runs said stays: the next one goes on below it.
        await (progress.paused.runs > 0 ? reply.rest() : reply.withdraw());
        return isOutage(relayed.code) ? waitOut(relayed, context, deps) : { kind: 'retry' };
      }
      meter.add('TurnsFailed', 1);
      return say(
        context,
        withMissing(
          context,
          withLosses(
            withNote(
              relayed.reached?.text ?? progress.paused.text,
              await failureText(relayed, turn, context, deps),
            ),
            progress,
            language,
          ),
        ),
        relayed.reached?.files,
      );
  }
}

/** Its holder was killed a moment ago, or is about to end: no failure of this turn, so it uses up no try. */
function busyWaitMs(until: Date): number {
  const waitMs = until.getTime() - Date.now();
  return Math.min(Math.max(waitMs, SHORTEST_BUSY_WAIT_MS), LONGEST_BUSY_WAIT_MS);
}

/** @returns why there is no answer; for the owner in their own chat with what to do. */
async function failureText(
  { code, details }: Extract<Relayed, { kind: 'failed' }>,
  turn: Turn,
  { language, onError }: ReplyContext,
  deps: AnswerDeps,
): Promise<string> {
  const text = TEXTS[language].failed(failureReason(code, language, details?.until));
  const advice = await forOwner({ code, details }, turn, language, { ...deps, onError });
  return [text, advice].join('\n\n').trim();
}

// a turn without tries left → the answer that its last run saved, and that no worker heard the end of → said like any other
import type { Turn } from '@omnicloud/protocol';
import type { SessionTable } from '@omnicloud/storage';
import { TurnTakenOverError } from '../errors.ts';
import type { Outcome } from '../queue/turn-queue.ts';
import { measure, sayAnswered, savePausedAnswer } from './end-run.ts';
import { keepAnswer, type KeepingDeps } from './kept/keep-answer.ts';
import { questionOf } from '../turn/merge-turns.ts';
import type { Relayed, RelayDeps, Request } from './relay-answer.ts';
import { relayRun } from './relay-run.ts';
import { takeOwnMarksOff } from './show-waiting.ts';
import { storedBefore } from './files/store-attachments.ts';
import { deliver } from './deliver-answer.ts';
import type { ReplyDeps } from './open-reply.ts';
import type { ReplyContext } from './reply-context.ts';
import { type OutageDeps, orWait } from './wait-out.ts';

export interface SavedAnswerDeps extends ReplyDeps, OutageDeps, Pick<RelayDeps, 'onEvent'> {
  readonly table: SessionTable;
  readonly maxContinuations?: number;
  /** How long the agent server is listened to, in ms; 10 s unless given. */
  readonly savedAnswerLimitMs?: number;
}

/** It holds a worker, but a function that has to start first needs some seconds. In ms. */
const SAVED_ANSWER_LIMIT_MS = 10_000;
/** The agent server says with these that it has no finished answer to give. */
const NONE_SAVED: readonly string[] = ['not_found', 'session_unknown', 'session_busy'];

/** Delivers an answer that is in the ledger; one that its chat refused is handed on to the turn that keeps it. */
export async function deliverKnown(
  context: ReplyContext,
  answer: string,
  deps: KeepingDeps,
): Promise<Outcome> {
  return context.progress.isKept ? keepAnswer(context, deps) : deliver(context, answer);
}

/**
 * A run may have ended well and saved its answer although its worker was killed or cut off: asked once more in the same words and under the same
 * key, the agent server gives that answer, and runs nothing. The part that a paused run has saved is written down as after any pause.
 * @returns what came of delivering it; undefined when there is no answer to deliver.
 * @throws TurnTakenOverError; what cannot be asked for is reported, and counts as not there.
 */
export async function sayIfSaved(context: ReplyContext, deps: SavedAnswerDeps): Promise<Outcome | undefined> {
  const { turn } = context;
  const message = messageAsked(context);
  const relayed = message && (await lookFor(message, context, deps));
  if (relayed?.kind === 'paused') await savePausedAnswer(relayed, context);
  if (relayed?.kind !== 'answered') return undefined;
  const marksOff = takeOwnMarksOff(turn, context, deps);
  try {
    return await orWait(sayAnswered(relayed, context, deps.meter), () => context, deps);
  } finally {
    await marksOff;
  }
}

/** @returns what every try has asked, in the very same words; undefined when the turn is nothing for the agent. */
function messageAsked({ turn, progress }: ReplyContext): Request['message'] | undefined {
  const text = textForAgent(turn);
  if (text === undefined) return undefined;
  const merged = progress.merged ?? [];
  const { attachments, missing } = storedBefore(turn, { merged, decided: progress.missing });
  const question = questionOf(text, merged);
  return question === '' && attachments.length === 0 ? undefined : { text: question, attachments, missing };
}

function textForAgent({ ask }: Turn): string | undefined {
  if (ask.kind === 'message') return ask.text;
  return ask.kind === 'command' && ask.command === 'new' ? ask.text : undefined;
}

async function lookFor(
  message: Request['message'],
  context: ReplyContext,
  deps: SavedAnswerDeps,
): Promise<Relayed | undefined> {
  const { turn, onError } = context;
  const limitMs = deps.savedAnswerLimitMs ?? SAVED_ANSWER_LIMIT_MS;
  try {
    const relayed = await relayRun(turn, message, context, {
      ...deps,
      isReplayOnly: true,
      timeLimitMs: () => limitMs,
      signal: AbortSignal.timeout(limitMs),
      onResult: (result) => measure(result, turn, deps.meter),
    });
    if (relayed.kind === 'failed' && !NONE_SAVED.includes(relayed.code)) onError(relayed.error);
    return relayed;
  } catch (error) {
    if (error instanceof TurnTakenOverError) throw error;
    onError(error);
    return undefined;
  }
}

// a turn whose tries or whose day of waiting are used up → a saved answer is delivered | its user learns of it → dead letter
import type { Turn } from '@omnicloud/protocol';
import { OutageError, TelegramError } from '../errors.ts';
import type { Outcome } from '../queue/turn-queue.ts';
import { withLosses, withNote } from '../reply/annotate-answer.ts';
import { failureReason } from '../reply/failure-reasons.ts';
import { renderMarkdown } from '../markdown/render-markdown.ts';
import { TelegramChat } from '../telegram/telegram-chat.ts';
import { type Language, languageOf, TEXTS } from '../reply/texts.ts';
import { isAnsweredByAnother } from '../turn/merge-turns.ts';
import { forOwner } from './owner-notices.ts';
import { DONE } from '../turn/put-off.ts';
import { deliverKnown, type SavedAnswerDeps, sayIfSaved } from './saved-answer.ts';
import { showAnswer } from './deliver-answer.ts';
import { openReply } from './open-reply.ts';
import type { ReplyContext } from './reply-context.ts';
import type { TurnLedger } from '../turn/turn-ledger.ts';
import type { TurnProgress } from '../turn/turn-progress.ts';
import { hasWaitedInVain, orWait, waitOut } from './wait-out.ts';

interface GivingUpDeps extends SavedAnswerDeps {
  readonly ledger: TurnLedger;
}

/** Of messages that are answered together, the last; what a stop drops is not answered. */
export function answeredMessage(turn: Turn, { merged }: TurnProgress): number {
  if (turn.ask.kind === 'command' && turn.ask.command === 'stop') return turn.message_id;
  return merged?.at(-1)?.messageId ?? turn.message_id;
}

/**
 * Ends a turn that has no try left: with its answer, when there is one after all, and else with a word that there is none.
 * @returns as `TurnHandler.giveUp`.
 * @throws what the queue repeats it for; an outage of Telegram is waited for, and uses up nothing.
 */
export async function giveUp(
  turn: Turn,
  progress: TurnProgress,
  deps: GivingUpDeps,
): Promise<Outcome | undefined> {
  if (progress.isOver || (await isAnsweredByAnother(turn, progress, deps.ledger))) return DONE;
  const { answer } = progress;
  const context = openReply(turn, progress, answeredMessage(turn, progress), deps);
  if (answer !== undefined) return orWait(deliverKnown(context, answer, deps), () => context, deps);
  const outcome = await sayIfSaved(context, deps);
  if (outcome !== undefined) return outcome;
  // Nobody waits for an answer; that it is a dead letter now tells whoever runs this.
  if (turn.ask.kind !== 'migration') await sayGivenUp(context, deps);
  await progress.saveGivenUp();
  return undefined;
}

async function sayGivenUp(context: ReplyContext, deps: GivingUpDeps): Promise<void> {
  const { progress, language, onError } = context;
  // What earlier runs said, the user has read.
  const text = withNote(progress.paused.text, gaveUpText(progress, language));
  try {
    await showAnswer(context, withLosses(text, progress, language));
  } catch (error) {
    // What may succeed later is the queue's to repeat.
    if (!(error instanceof TelegramError) || error.retryable) throw await orOutage(error, context, deps);
    onError(error);
  }
}

/** @returns the error, as an outage when Telegram is away: then this delivery is noted as a wait. */
async function orOutage(error: unknown, context: ReplyContext, deps: GivingUpDeps): Promise<unknown> {
  if (!(error instanceof TelegramError) || !error.mayHaveLanded) return error;
  const { kind } = await waitOut({ code: 'telegram_unavailable' }, context, deps);
  return kind === 'later'
    ? new OutageError(error.message, { code: 'telegram_unavailable' }, { cause: error })
    : error;
}

function gaveUpText({ outage }: TurnProgress, language: Language): string {
  const { gaveUp, waitedInVain } = TEXTS[language];
  return hasWaitedInVain(outage) ? waitedInVain(failureReason(outage.code, language, undefined)) : gaveUp;
}

/**
 * Tells a user what becomes of a turn while nothing can be written down of it, so that nobody knows afterwards whether they were told.
 * @param what `waits`: the turn comes again; `given_up`: it has waited for about a day and becomes a dead letter. Then the owner is told, too.
 * @throws TelegramError when they cannot be told now.
 */
export async function sayUnnoted(turn: Turn, what: 'waits' | 'given_up', deps: GivingUpDeps): Promise<void> {
  if (what === 'given_up') deps.meter.add('TurnsGivenUp', 1);
  // Of these, nobody waits for an answer.
  if (turn.ask.kind === 'migration' || turn.ask.kind === 'kept_answer') return;
  const language = languageOf(turn.sender.language_code);
  const reason = failureReason('store_unavailable', language, undefined);
  const { putOff, waitedInVain } = TEXTS[language];
  const failure = { code: 'store_unavailable', details: undefined, isLong: what === 'given_up' } as const;
  const onError = (error: unknown): void => deps.onError(error, turn);
  const advice = await forOwner(failure, turn, language, { ...deps, onError });
  const text = [what === 'waits' ? putOff(reason) : waitedInVain(reason), advice].join('\n\n').trim();
  const { chat_id: chatId, thread_id: threadId, is_forum: isForum, message_id: replyTo } = turn;
  await new TelegramChat(deps.api, { chatId, threadId, isForum, replyTo }).send(renderMarkdown(text), {
    isReply: true,
  });
}

// an answer that its chat refuses → kept under a turn of its own → tried again with long pauses, and before the next message there is answered
import { keptAnswerOf, keptGroupOf, type Turn } from '@omnicloud/protocol';
import type { TelegramApi } from '../../telegram/telegram-types.ts';
import type { TelegramError } from '../../errors.ts';
import type { Backlog } from '../../queue/backlog/backlog.ts';
import type { Outcome, TurnQueue } from '../../queue/turn-queue.ts';
import { renderMarkdown } from '../../markdown/render-markdown.ts';
import { TelegramChat } from '../../telegram/telegram-chat.ts';
import { TEXTS } from '../../reply/texts.ts';
import { DONE, putOff } from '../../turn/put-off.ts';
import type { ReplyContext } from '../reply-context.ts';

export interface KeepingDeps {
  readonly api: TelegramApi;
  readonly queue: Pick<TurnQueue, 'enqueue'>;
  readonly backlog: Pick<Backlog, 'add' | 'list'>;
  /** The Telegram user id of who is told that an answer is kept; nobody unless given. */
  readonly ownerId?: string;
}

const MINUTE_MS = 60_000;
/** Before the first, second … try to deliver a kept answer; then one an hour. In ms. */
const FIRST_PAUSES_MS: readonly number[] = [1, 5, 15].map((minutes) => minutes * MINUTE_MS);
const PAUSE_MS = 60 * MINUTE_MS;
/** Two days. SQS keeps a message for four, and a turn may be put off 60 times. */
const MAX_PAUSES = 50;

/** @returns what the queue does with a turn whose answer the chat does not take. */
export async function whenRefused(
  context: ReplyContext,
  error: TelegramError,
  deps: KeepingDeps,
): Promise<Outcome> {
  const { turn, progress } = context;
  if (turn.ask.kind === 'kept_answer') return waitOn(context, deps);
  if (!isAnswerOfAgent(turn)) {
    // What a command says will not be asked for any more.
    await progress.saveDelivered();
    return DONE;
  }
  await progress.saveKept();
  const isFirst = await isNothingKept(context, deps);
  await keepAnswer(context, deps);
  // Of several answers to one chat, the first.
  if (isFirst) await tellOwner(context, error, deps);
  return DONE;
}

/** Hands the answer on to a turn of its own, again if an earlier delivery was cut off before it had. */
export async function keepAnswer(
  { turn, progress, onError }: ReplyContext,
  deps: KeepingDeps,
): Promise<Outcome> {
  const kept = keptAnswerOf({ ...turn, message_id: progress.merged?.at(-1)?.messageId ?? turn.message_id });
  await progress.handOnTo(kept.update_id);
  await deps.queue.enqueue(kept);
  await note(kept, deps.backlog, onError);
  await progress.saveDelivered();
  return DONE;
}

/** Without the view, the answer is not tried before its time. */
async function note(
  kept: Turn,
  backlog: KeepingDeps['backlog'],
  onError: ReplyContext['onError'],
): Promise<void> {
  try {
    await backlog.add(kept);
  } catch (error) {
    onError(error);
  }
}

/** @returns when a kept answer is tried next: the first time after a pause, too. */
export async function waitOn(
  { turn, progress, onError }: Pick<ReplyContext, 'turn' | 'progress' | 'onError'>,
  { backlog }: Pick<KeepingDeps, 'backlog'>,
): Promise<Outcome> {
  if (progress.pauses >= MAX_PAUSES) {
    onError(new Error('An answer was kept for two days, and its chat has not taken it'));
    await progress.saveDelivered();
    return DONE;
  }
  // The view forgets it after a day.
  await note(turn, backlog, onError);
  return putOff(progress, FIRST_PAUSES_MS[progress.pauses] ?? PAUSE_MS);
}

function isAnswerOfAgent({ ask }: Turn): boolean {
  return ask.kind === 'message' || (ask.kind === 'command' && ask.text !== undefined);
}

/** @returns true also when it cannot be seen. */
async function isNothingKept({ turn, onError }: ReplyContext, { backlog }: KeepingDeps): Promise<boolean> {
  try {
    return (await backlog.list(keptGroupOf(turn))).length === 0;
  } catch (error) {
    onError(error);
    return true;
  }
}

/** Nothing hangs on it: the owner may never have written to the bot. */
async function tellOwner(
  { turn, language, onError }: ReplyContext,
  refusal: TelegramError,
  { api, ownerId }: KeepingDeps,
): Promise<void> {
  if (ownerId === undefined || ownerId === turn.chat_id) return;
  const chat = new TelegramChat(api, { chatId: ownerId, threadId: null, isForum: false, replyTo: 0 });
  const where = turn.chat_title ?? turn.sender.name;
  try {
    await chat.send(renderMarkdown(TEXTS[language].answerKept(where, refusal.message)), { isReply: false });
  } catch (error) {
    onError(error);
  }
}

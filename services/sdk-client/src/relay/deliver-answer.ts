// markdown → live reply → its files → delivered, or again when Telegram takes it
import { AgentUnreachableError, TelegramError } from '../errors.ts';
import type { Outcome } from '../queue/turn-queue.ts';
import { boundAnswer } from '../reply/bound-answer.ts';
import { TEXTS } from '../reply/texts.ts';
import { DONE, putOff } from '../turn/put-off.ts';
import type { TurnFile } from '../turn/turn-record.ts';
import { attachAnswer, deliverFiles } from './files/deliver-files.ts';
import { deliverWhereItCanBe } from './kept/leave-topic.ts';
import type { ReplyContext } from './reply-context.ts';

/** Writes the final text and its files down, so that the agent does not run for them again, and delivers them. */
export async function say(
  context: ReplyContext,
  markdown: string,
  files: readonly TurnFile[] = [],
): Promise<Outcome> {
  const answer = boundAnswer(markdown, TEXTS[context.language].answerCut);
  await context.progress.saveAnswer(answer, files);
  return deliver(context, answer);
}

/**
 * Shows a final text: as messages, or as its beginning and a file with all of it.
 * @throws TelegramError when Telegram takes nothing now.
 */
export async function showAnswer(context: ReplyContext, markdown: string): Promise<void> {
  const isWhole = await context.reply.finish(markdown, TEXTS[context.language].answerAttached);
  if (!isWhole && !context.progress.isAnswerAttached) await attachAnswer(context, markdown);
}

/**
 * Delivers a final text that is written down, and then the files that go with it.
 * @throws TelegramError when Telegram is away; AgentUnreachableError, OutageError when a file can be had once an outage is over.
 */
export async function deliver(context: ReplyContext, markdown: string): Promise<Outcome> {
  const delivered = await tryToDeliver(context, markdown);
  if (delivered.kind !== 'refused') return delivered;
  return context.onRefused(context, delivered.error);
}

/** As `deliver`, but what the chat refuses stays as it is. */
export async function tryToDeliver(
  context: ReplyContext,
  markdown: string,
): Promise<Outcome | { kind: 'refused'; error: TelegramError }> {
  const { progress, onError } = context;
  const reached = { files: false };
  try {
    await deliverWhereItCanBe(context, async () => {
      await showAnswer(context, markdown);
      reached.files = true;
      await deliverFiles(context);
    });
  } catch (error) {
    if (error instanceof AgentUnreachableError) {
      if (error.isAway) throw error;
      onError(error);
      return { kind: 'retry' };
    }
    if (!(error instanceof TelegramError)) throw error;
    // No text makes Telegram fail, but a file may: that is no outage while Telegram answers.
    if (error.mayHaveLanded && !(reached.files && (await context.chat.isThere()))) throw error;
    onError(error);
    // The next delivery goes on with what is missing.
    if (error.retryAfterMs !== undefined) return putOff(progress, error.retryAfterMs);
    return error.retryable ? { kind: 'retry' } : { kind: 'refused', error };
  }
  await progress.saveDelivered();
  return DONE;
}

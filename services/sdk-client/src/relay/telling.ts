// markdown → live reply → its files → delivered, or again when Telegram takes it
import { sessionKey, sessionKeyOf, type Turn } from '@omnicloud/protocol';
import type { SessionTable } from '@omnicloud/storage';
import type { Api } from 'grammy/web';
import { AgentUnreachableError, TelegramError } from '../errors.ts';
import type { Outcome } from '../queue/turn-queue.ts';
import { boundAnswer } from '../reply/bound-answer.ts';
import { type EditPace, LiveReply } from '../reply/live-reply.ts';
import { TelegramChat } from '../telegram/telegram-chat.ts';
import { type Language, languageOf, TEXTS } from '../reply/texts.ts';
import type { AgentServer } from './agent/agent-client.ts';
import { type Fetched, fetchSentFile } from './agent/agent-files.ts';
import { attachAnswer, deliverFiles } from './files/deliver-files.ts';
import { type KeepingDeps, whenRefused } from './kept/keep-answer.ts';
import { deliverWhereItCanBe } from './kept/leave-topic.ts';
import type { Meter } from './meter.ts';
import { DONE, putOff } from '../turn/put-off.ts';
import type { TurnFile } from '../turn/turn-ledger.ts';
import type { TurnProgress } from '../turn/turn-progress.ts';

export interface TellingDeps extends KeepingDeps {
  readonly api: Api;
  readonly table: Pick<SessionTable, 'inherit'>;
  readonly pace: Record<'private' | 'group', EditPace>;
  readonly agent: AgentServer;
  readonly meter: Meter;
  readonly onError: (error: unknown, turn: Turn) => void;
}

/** How one turn is answered. */
export interface Telling {
  readonly turn: Turn;
  readonly chat: TelegramChat;
  readonly reply: LiveReply;
  readonly progress: TurnProgress;
  readonly language: Language;
  /** @throws AgentUnreachableError */
  readonly fetchFile: (file: TurnFile) => Promise<Fetched<Uint8Array>>;
  /** @throws TurnTakenOverError when another delivery has gone on with the turn: then nothing more may be shown. */
  readonly confirm: () => Promise<void>;
  readonly onError: (error: unknown) => void;
  /** What becomes of an answer that the chat does not take. */
  readonly onRefused: (telling: Telling, error: TelegramError) => Promise<Outcome>;
}

/** @param replyTo the message that is answered: the turn's own, or the last of those it answers. */
export function tellingOf(turn: Turn, progress: TurnProgress, replyTo: number, deps: TellingDeps): Telling {
  const onError = (error: unknown): void => deps.onError(error, turn);
  const chat = new TelegramChat(deps.api, {
    chatId: turn.chat_id,
    threadId: turn.thread_id,
    isForum: turn.is_forum,
    replyTo,
    // Its service messages say the same, but they may have been missed.
    onMigrated: (chatId) => deps.table.inherit(sessionKey(chatId), sessionKey(turn.chat_id)).catch(onError),
  });
  if (progress.isOutsideTopic) chat.leaveTopic();
  const pace = turn.chat_type === 'private' ? deps.pace.private : deps.pace.group;
  return {
    turn,
    chat,
    reply: new LiveReply(chat, pace, onError, progress),
    progress,
    language: languageOf(turn.sender.language_code),
    fetchFile: (file) =>
      fetchSentFile(deps.agent, { sessionId: file.session_id, sessionKey: sessionKeyOf(turn) }, file),
    confirm: () => progress.confirm(),
    onError,
    onRefused: (telling, error) => whenRefused(telling, error, deps),
  };
}

/** Writes the final text and its files down, so that the agent does not run for them again, and delivers them. */
export async function say(
  telling: Telling,
  markdown: string,
  files: readonly TurnFile[] = [],
): Promise<Outcome> {
  const answer = boundAnswer(markdown, TEXTS[telling.language].answerCut);
  await telling.progress.saveAnswer(answer, files);
  return deliver(telling, answer);
}

/**
 * Shows a final text: as messages, or as its beginning and a file with all of it.
 * @throws TelegramError when Telegram takes nothing now.
 */
export async function showAnswer(telling: Telling, markdown: string): Promise<void> {
  const isWhole = await telling.reply.finish(markdown, TEXTS[telling.language].answerAttached);
  if (!isWhole && !telling.progress.isAnswerAttached) await attachAnswer(telling, markdown);
}

/**
 * Delivers a final text that is written down, and then the files that go with it.
 * @throws TelegramError when Telegram is away; AgentUnreachableError, OutageError when a file can be had once an outage is over.
 */
export async function deliver(telling: Telling, markdown: string): Promise<Outcome> {
  const delivered = await tryToDeliver(telling, markdown);
  if (delivered.kind !== 'refused') return delivered;
  return telling.onRefused(telling, delivered.error);
}

/** As `deliver`, but what the chat refuses stays as it is. */
export async function tryToDeliver(
  telling: Telling,
  markdown: string,
): Promise<Outcome | { kind: 'refused'; error: TelegramError }> {
  const { progress, onError } = telling;
  const reached = { files: false };
  try {
    await deliverWhereItCanBe(telling, async () => {
      await showAnswer(telling, markdown);
      reached.files = true;
      await deliverFiles(telling);
    });
  } catch (error) {
    if (error instanceof AgentUnreachableError) {
      if (error.isAway) throw error;
      onError(error);
      return { kind: 'retry' };
    }
    if (!(error instanceof TelegramError)) throw error;
    // No text makes Telegram fail, but a file may: that is no outage while Telegram answers.
    if (error.mayHaveLanded && !(reached.files && (await telling.chat.isThere()))) throw error;
    onError(error);
    // The next delivery goes on with what is missing.
    if (error.retryAfterMs !== undefined) return putOff(progress, error.retryAfterMs);
    return error.retryable ? { kind: 'retry' } : { kind: 'refused', error };
  }
  await progress.saveDelivered();
  return DONE;
}

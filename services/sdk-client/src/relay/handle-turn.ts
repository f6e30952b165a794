// turn → ledger → refusal | command | session lookup → agent server (events) → live reply → done, or again later
import {
  MAX_USER_MESSAGE_LENGTH,
  type Refusal,
  sessionKeyOf,
  type Turn,
  type WireErrorCode,
} from '@omnicloud/protocol';
import type { SessionTable, StopRequests } from '@omnicloud/session-table';
import type { Api } from 'grammy/web';
import { TelegramError } from '../errors.ts';
import { type Outcome, type TurnHandler, type TurnQueue } from '../queue/turn-queue.ts';
import { annotateAnswer } from '../reply/annotate-answer.ts';
import { FAILURE_REASONS } from '../reply/failure-reasons.ts';
import { type EditPace, LiveReply } from '../reply/live-reply.ts';
import { TelegramChat } from '../reply/telegram-chat.ts';
import { type Language, languageOf, TEXTS } from '../reply/texts.ts';
import { keepTyping } from '../reply/typing.ts';
import type { AgentServer } from './agent-client.ts';
import { relayToItsEnd } from './relay-to-its-end.ts';
import type { TurnLedger } from './turn-ledger.ts';
import { TurnProgress } from './turn-progress.ts';

export interface TurnHandlerDeps {
  readonly api: Api;
  readonly queue: Pick<TurnQueue, 'waiting'>;
  readonly table: SessionTable;
  readonly ledger: TurnLedger;
  readonly stops: Pick<StopRequests, 'isStopped'>;
  readonly agent: AgentServer;
  readonly pace: Record<'private' | 'group', EditPace>;
  /** How often an agent that reached its time limit may go on with one turn; 4 unless given. */
  readonly maxContinuations?: number;
  /** Told of everything that went wrong, also of what is tried again. */
  readonly onError: (error: unknown, turn: Turn) => void;
}

const DONE: Outcome = { kind: 'done' };

/** @returns what a worker does with each turn of the queue. */
export function createTurnHandler(deps: TurnHandlerDeps): TurnHandler {
  return {
    async handle(turn) {
      const telling = await tellingOf(turn, deps);
      const { isDelivered, answer } = telling.progress;
      if (isDelivered) return DONE;
      if (answer !== undefined) return deliver(telling, answer);
      switch (turn.ask.kind) {
        case 'refusal':
          return say(telling, refusalText(turn, turn.ask.reason, telling.language));
        case 'command':
          return obey(turn, turn.ask, telling, deps);
        case 'message':
          return askAgent(turn, turn.ask.text, telling, deps);
      }
    },
    async giveUp(turn) {
      const { reply, progress, language, onError } = await tellingOf(turn, deps);
      try {
        await reply.finish(progress.answer ?? TEXTS[language].gaveUp);
      } catch (error) {
        // What may succeed later is the queue's to repeat.
        if (!(error instanceof TelegramError) || error.retryable) throw error;
        onError(error);
      }
    },
  };
}

/** How one turn is answered. */
interface Telling {
  readonly chat: TelegramChat;
  readonly reply: LiveReply;
  readonly progress: TurnProgress;
  readonly language: Language;
  readonly onError: (error: unknown) => void;
}

async function tellingOf(turn: Turn, deps: TurnHandlerDeps): Promise<Telling> {
  const onError = (error: unknown): void => deps.onError(error, turn);
  const chat = new TelegramChat(deps.api, {
    chatId: turn.chat_id,
    threadId: turn.thread_id,
    isForum: turn.is_forum,
    replyTo: turn.message_id,
  });
  const pace = turn.chat_type === 'private' ? deps.pace.private : deps.pace.group;
  const progress = await TurnProgress.resume(deps.ledger, turn.update_id);
  return {
    chat,
    reply: new LiveReply(chat, pace, onError, progress),
    progress,
    language: languageOf(turn.sender.language_code),
    onError,
  };
}

async function say(telling: Telling, markdown: string): Promise<Outcome> {
  await telling.progress.saveAnswer(markdown);
  return deliver(telling, markdown);
}

async function deliver({ reply, progress, onError }: Telling, markdown: string): Promise<Outcome> {
  try {
    await reply.finish(markdown);
  } catch (error) {
    if (!(error instanceof TelegramError)) throw error;
    onError(error);
    // The next try goes on with what is not delivered yet.
    if (error.retryable) {
      return { kind: 'retry', ...(error.retryAfterMs === undefined ? {} : { afterMs: error.retryAfterMs }) };
    }
    // The chat is gone or has blocked the bot: there is nobody to tell, now or later.
  }
  await progress.saveDelivered();
  return DONE;
}

function refusalText(turn: Turn, reason: Refusal, language: Language): string {
  const texts = TEXTS[language];
  switch (reason) {
    case 'stranger':
      return texts.stranger(turn.sender.id);
    case 'too_long':
      return texts.tooLong(MAX_USER_MESSAGE_LENGTH);
    case 'not_text':
      return texts.notText;
  }
}

async function obey(
  turn: Turn,
  ask: Extract<Turn['ask'], { kind: 'command' }>,
  telling: Telling,
  deps: TurnHandlerDeps,
): Promise<Outcome> {
  const texts = TEXTS[telling.language];
  switch (ask.command) {
    case 'start':
      return say(telling, texts.welcome);
    case 'help':
      return say(telling, texts.help);
    case 'status': {
      const mapping = await deps.table.find(sessionKeyOf(turn));
      const waiting = await deps.queue.waiting(sessionKeyOf(turn));
      return say(
        telling,
        texts.status({ sessionId: mapping?.sessionId, lastUsed: mapping?.savedAt, waiting }),
      );
    }
    case 'stop':
      // The stop itself was written down when the update was received.
      return say(telling, texts.stopped);
    case 'new':
      await deps.table.forget(sessionKeyOf(turn));
      return ask.text === undefined
        ? say(telling, texts.newSession)
        : askAgent(turn, ask.text, telling, deps);
  }
}

async function askAgent(turn: Turn, text: string, telling: Telling, deps: TurnHandlerDeps): Promise<Outcome> {
  // Still queued when the user said stop.
  if (await deps.stops.isStopped(sessionKeyOf(turn), turn.update_id)) {
    return say(telling, TEXTS[telling.language].stoppedHere);
  }
  const stopTyping = keepTyping(telling.chat, telling.onError);
  try {
    const outcome = await relayToItsEnd(turn, text, telling, deps);
    if (outcome.kind === 'answered') {
      return await say(telling, annotateAnswer(outcome.text, outcome.notes, telling.language));
    }
    telling.onError(outcome.error);
    if (outcome.isRetryable) {
      await telling.reply.withdraw();
      return { kind: 'retry' };
    }
    return await say(telling, failureText(outcome.code, telling.language));
  } finally {
    stopTyping();
  }
}

function failureText(code: WireErrorCode, language: Language): string {
  return TEXTS[language].failed(FAILURE_REASONS[language][code]);
}

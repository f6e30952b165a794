// people of the harness → updates, doubled and late → webhook; workers' calls, some of them failing → chats
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Message } from 'grammy/types';
import type { BotApiCall, BotApiFault } from '../../local/src/telegram/bot-api-call.ts';
import type { CallPayload } from '../../local/src/telegram/call-payload.ts';
import { topicOf } from '../../local/src/telegram/chat-store.ts';
import { openTelegramStandIn } from '../../local/src/telegram/stand-in.ts';
import type { ShownMessage, TelegramCall } from './evidence.ts';
import { marksIn } from './marks.ts';
import { type Place, sessionOf } from './places.ts';
import type { Random } from './random.ts';
import { type Served, serve } from './serve.ts';

export const BOT_TOKEN = '4200000001:chaos-token';
export const SECRET = 'chaos-webhook-secret';

/** The shares of calls and deliveries that meet each fault. */
const CALL_FAULTS = { throttled: 0.02, held: 0.004, broken: 0.015, drop: 0.015, lost: 0.015 };
/** Of a throttled call, and of one that is held back for longer than a worker waits; in seconds. */
const RETRY_AFTER_S = { throttled: 1, held: 6 };
const DELIVERY_FAULTS = { doubled: 0.08, lost: 0.03 };
const DELIVERY_DELAY_MS = 150;
/** A copy of an update may come long after its turn was done, in ms. */
const COPY_DELAY_MS = 8_000;

export interface ChaosTelegram {
  readonly calls: readonly TelegramCall[];
  /** When the bot last called, in ms since 1970. */
  lastCallAtMs(): number;
  /** @returns the Bot API's address for one process in its present life. */
  urlFor(sender: string): Promise<string>;
  /** Opens a topic of the one forum for a person. */
  openTopic(personId: number): Promise<Place>;
  say(place: Place, text: string): Message;
  /** @returns what the bot shows there, in the order of each chat. */
  shown(places: readonly Place[]): ShownMessage[];
  close(): Promise<void>;
}

interface Intake {
  readonly directory: string;
  /** Where the webhook listens; undefined while it is dead. */
  readonly webhookPort: () => number | undefined;
  readonly onError: (error: unknown) => void;
}

/** Opens a Telegram that delivers its updates to a webhook in another process. */
export function startTelegram(random: Random, intake: Intake): ChaosTelegram {
  const calls: TelegramCall[] = [];
  const servers: Served[] = [];
  const copies = new Set<Promise<void>>();
  const closing = new AbortController();
  const caller = new AsyncLocalStorage<string>();
  let lastCallAtMs = 0;

  const post = async (update: RequestInit): Promise<Response> => {
    const port = intake.webhookPort();
    if (port === undefined) throw new Error('Nobody listens where the webhook was');
    return fetch(`http://127.0.0.1:${port}/webhook`, update);
  };
  const repeatLater = async (copy: RequestInit): Promise<void> => {
    try {
      await delay(random.between(0, COPY_DELAY_MS), undefined, { signal: closing.signal });
      await post({ ...copy, signal: closing.signal });
    } catch (error) {
      if (!closing.signal.aborted) intake.onError(error);
    }
  };
  const deliver: typeof fetch = async (_url, update = {}) => {
    if (random.chance(DELIVERY_FAULTS.doubled)) {
      const copy = repeatLater(update);
      copies.add(copy);
      void copy.finally(() => copies.delete(copy));
    }
    const isLost = random.chance(DELIVERY_FAULTS.lost);
    await delay(random.between(0, DELIVERY_DELAY_MS));
    const response = await post(update);
    if (isLost) throw new Error('The answer to this delivery was lost');
    return response;
  };

  const intercept = (call: BotApiCall): BotApiFault | undefined => {
    const fault = faultOf(random);
    lastCallAtMs = Date.now();
    if (call.method !== 'sendChatAction') calls.push(recordOf(call, caller.getStore() ?? '', fault));
    return fault;
  };
  const standIn = openTelegramStandIn({
    directory: intake.directory,
    token: BOT_TOKEN,
    intercept,
    fetch: deliver,
    onError: intake.onError,
  });
  const ask = async <Answer>(path: string, body: object): Promise<Answer> => {
    const headers = { 'content-type': 'application/json' };
    const response = await standIn.app.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`The stand-in answered ${path} with ${response.status}`);
    return (await response.json()) as Answer;
  };
  let forumId: Promise<number> | undefined;
  standIn.start({ url: 'http://127.0.0.1/webhook', secret: SECRET });

  return {
    calls,
    lastCallAtMs: () => lastCallAtMs,
    urlFor: async (sender) => {
      const server = await serve((request, ...rest) =>
        caller.run(sender, () => standIn.app.fetch(request, ...(rest as []))),
      );
      servers.push(server);
      return server.url;
    },
    openTopic: async (personId) => {
      forumId ??= ask<{ id: number }>('/page/chats', { title: 'Chaos', is_forum: true }).then(({ id }) => id);
      const chatId = await forumId;
      const topic = { name: `Topic of ${personId}` };
      const { thread_id: threadId } = await ask<{ thread_id: number }>(`/page/chats/${chatId}/topics`, topic);
      return { personId, chatId, threadId };
    },
    say: ({ personId, chatId, threadId }, text) =>
      standIn.sendAsUser({
        chat_id: chatId,
        ...(threadId === undefined ? {} : { thread_id: threadId }),
        from: { id: personId, first_name: `Person ${personId}`, language_code: 'en' },
        text,
      }),
    shown: (places) => {
      const chatIds = [...new Set(places.map(({ chatId }) => chatId))];
      return chatIds.flatMap((id) => standIn.messages(id).flatMap(shownOf));
    },
    close: async () => {
      closing.abort();
      await Promise.all(copies);
      await standIn.stop();
      for (const server of servers) await server.close();
    },
  };
}

function faultOf(random: Random): BotApiFault | undefined {
  const faults: [number, BotApiFault][] = [
    [CALL_FAULTS.throttled, throttling(RETRY_AFTER_S.throttled)],
    [CALL_FAULTS.held, throttling(RETRY_AFTER_S.held)],
    [CALL_FAULTS.broken, failure(500, 'Internal Server Error')],
    [CALL_FAULTS.drop, 'drop'],
    [CALL_FAULTS.lost, 'lost_answer'],
  ];
  let drawn = random.next();
  for (const [share, fault] of faults) {
    if (drawn < share) return fault;
    drawn -= share;
  }
  return undefined;
}

function throttling(retryAfterS: number): BotApiFault {
  return failure(429, `Too Many Requests: retry after ${retryAfterS}`, { retry_after: retryAfterS });
}

function failure(status: number, description: string, parameters?: object): BotApiFault {
  return { status, body: { ok: false, error_code: status, description, ...(parameters && { parameters }) } };
}

function recordOf(
  { method, payload, at }: BotApiCall,
  sender: string,
  fault: BotApiFault | undefined,
): TelegramCall {
  const replied = payload.reply_parameters as { message_id?: number } | undefined;
  return {
    method,
    sender,
    chatId: Number(payload.chat_id),
    replyTo: replied?.message_id,
    marks: typeof payload.text === 'string' ? marksIn(payload.text) : [],
    reaction: method === 'setMessageReaction' ? reactionOf(payload) : undefined,
    atMs: at.getTime(),
    isCarriedOut: fault === undefined || fault === 'lost_answer',
    isAnswerLost: fault === 'lost_answer',
  };
}

function reactionOf({ message_id: messageId, reaction }: CallPayload): TelegramCall['reaction'] {
  return { messageId: Number(messageId), isSet: Array.isArray(reaction) && reaction.length > 0 };
}

function shownOf(message: Message): ShownMessage[] {
  const { chat, message_id: messageId, from, reply_to_message: repliesTo, text = '' } = message;
  if (from?.is_bot !== true) return [];
  const session = sessionOf({ chatId: chat.id, threadId: topicOf(message) ?? undefined });
  return [{ session, messageId, replyTo: repliesTo?.message_id, text }];
}

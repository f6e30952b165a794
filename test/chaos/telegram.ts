// people of the harness → updates, doubled and late → webhook → queue; workers' calls, some of them failing → chats
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { createWebhook, type TurnQueue } from '@omnicloud/sdk-client';
import type { StopRequests } from '@omnicloud/session-table';
import type { Message } from 'grammy/types';
import type { BotApiCall, BotApiFault } from '../../local/src/telegram/bot-api-call.ts';
import { openTelegramStandIn } from '../../local/src/telegram/stand-in.ts';
import type { ShownMessage, TelegramCall } from './evidence.ts';
import { marksIn } from './marks.ts';
import type { Random } from './random.ts';
import { type Served, serve } from './serve.ts';

export const BOT_TOKEN = '4200000001:chaos-token';
const SECRET = 'chaos-webhook-secret';

/** The shares of calls and deliveries that meet each fault. */
const CALL_FAULTS = { throttled: 0.02, broken: 0.015, drop: 0.015, lost: 0.015 };
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
  /** A person writes into their private chat with the bot; their id is the chat's. */
  say(personId: number, text: string): Message;
  /** @returns what the bot shows in all chats of these persons. */
  shown(personIds: readonly number[]): ShownMessage[];
  close(): Promise<void>;
}

interface Intake {
  readonly directory: string;
  readonly queue: TurnQueue;
  readonly stops: StopRequests;
  readonly people: readonly number[];
  readonly onError: (error: unknown) => void;
}

/** Opens a Telegram that delivers its updates to a webhook in this process. */
export function startTelegram(random: Random, intake: Intake): ChaosTelegram {
  const calls: TelegramCall[] = [];
  const servers: Served[] = [];
  const copies = new Set<Promise<void>>();
  const closing = new AbortController();
  const caller = new AsyncLocalStorage<string>();
  let lastCallAtMs = 0;

  const webhook = createWebhook({
    queue: intake.queue,
    stops: intake.stops,
    allowedUsers: new Set(intake.people.map(String)),
    secret: SECRET,
    onIgnored: () => undefined,
    onError: intake.onError,
  });
  const repeatLater = async (copy: Request): Promise<void> => {
    try {
      await delay(random.between(0, COPY_DELAY_MS), undefined, { signal: closing.signal });
      await webhook.fetch(copy);
    } catch (error) {
      if (!closing.signal.aborted) intake.onError(error);
    }
  };
  const deliver: typeof fetch = async (...args) => {
    const request = new Request(...args);
    if (random.chance(DELIVERY_FAULTS.doubled)) {
      const copy = repeatLater(request.clone());
      copies.add(copy);
      void copy.finally(() => copies.delete(copy));
    }
    const isLost = random.chance(DELIVERY_FAULTS.lost);
    await delay(random.between(0, DELIVERY_DELAY_MS));
    const response = await webhook.fetch(request);
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
    say: (personId, text) =>
      standIn.sendAsUser({
        chat_id: personId,
        from: { id: personId, first_name: `Person ${personId}`, language_code: 'en' },
        text,
      }),
    shown: (personIds) => personIds.flatMap((id) => standIn.messages(id).flatMap(shownOf)),
    close: async () => {
      closing.abort();
      await Promise.all(copies);
      await standIn.stop();
      for (const server of servers) await server.close();
    },
  };
}

function faultOf(random: Random): BotApiFault | undefined {
  const { throttled, broken, drop, lost } = CALL_FAULTS;
  const drawn = random.next();
  if (drawn < throttled) return failure(429, 'Too Many Requests: retry after 1', { retry_after: 1 });
  if (drawn < throttled + broken) return failure(500, 'Internal Server Error');
  if (drawn < throttled + broken + drop) return 'drop';
  return drawn < throttled + broken + drop + lost ? 'lost_answer' : undefined;
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
    atMs: at.getTime(),
    isCarriedOut: fault === undefined || fault === 'lost_answer',
    isAnswerLost: fault === 'lost_answer',
  };
}

function shownOf({ chat, message_id, from, reply_to_message, text = '' }: Message): ShownMessage[] {
  if (from?.is_bot !== true) return [];
  return [{ chatId: chat.id, messageId: message_id, replyTo: reply_to_message?.message_id, text }];
}

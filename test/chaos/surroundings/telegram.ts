// people of the harness → updates → webhook; workers' calls, some of them failing → chats
import { AsyncLocalStorage } from 'node:async_hooks';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Message } from 'grammy/types';
import { z } from 'zod';
import type { BotApiCall, BotApiFault } from '@omnicloud/demo/internal/telegram/calls/bot-api-call.ts';
import type { CallPayload } from '@omnicloud/demo/internal/telegram/calls/call-payload.ts';
import { topicOf } from '@omnicloud/demo/internal/telegram/store/chat-store.ts';
import { openTelegramStandIn } from '@omnicloud/demo/internal/telegram/stand-in.ts';
import { faultOf } from '../harm/call-faults.ts';
import type { UserFile } from '@omnicloud/demo/internal/telegram/page/user-files.ts';
import { openDeliveries, type Webhook } from '../harm/deliveries.ts';
import type { ShownMessage, TelegramCall, Typing } from '../evidence/evidence.ts';
import { marksIn } from '../evidence/marks.ts';
import { type Place, sessionOf } from '../talk/places.ts';
import type { Random } from './random.ts';
import { type Served, serve } from './serve.ts';

export const BOT_TOKEN = '4200000001:chaos-token';
export const SECRET = 'chaos-webhook-secret';

/** Also in a small run the answer to one of the bot's calls is lost. */
const LOST_AT_LEAST_AFTER = 30;
const FIRST_FORUM = -1_002_000_000_000;

export interface ChaosTelegram {
  readonly calls: readonly TelegramCall[];
  readonly typing: readonly Typing[];
  /** When the bot last called, in ms since 1970. */
  lastCallAtMs(): number;
  /** @returns the Bot API's address for one process in its present life. */
  urlFor(sender: string): Promise<string>;
  /** Opens a topic of the one forum for a person. */
  openTopic(personId: number): Promise<Omit<Place, 'speakers'>>;
  /** Opens a group. @returns its id. */
  openGroup(firstPersonId: number): Promise<number>;
  /** @returns the message; of several files, the first: the others follow at once. */
  say(place: Place, text: string, said: Said): Message;
  /** @returns whether the end of an answer to this question was ever shown. */
  isAnswered(token: string): boolean;
  /** @returns when a message was first taken over, in ms since 1970; Infinity when it never was. */
  takenAtMs(chatId: number, messageId: number): number;
  /** How many updates were delivered more than once, and how many after a later one of their chat. */
  deliveryFaults(): { readonly doubled: number; readonly overtaken: number };
  /** @returns what the bot shows there, in the order of each chat. */
  shown(places: readonly Place[]): ShownMessage[];
  close(): Promise<void>;
}

interface Said {
  /** The Telegram user id of who says it. */
  readonly from: number;
  readonly files?: readonly UserFile[];
}

interface Intake extends Webhook {
  readonly directory: string;
  /** Added to the id of the forum, below all that was used before. */
  readonly idsFrom: number;
}

type Draft<Thing> = { -readonly [Name in keyof Thing]: Thing[Name] };

/** Who makes the call that is being answered, and what is known of the call. */
interface Caller {
  readonly sender: string;
  call: Draft<TelegramCall> | undefined;
}

const SENDS: ReadonlySet<string> = new Set(['sendMessage', 'sendDocument']);
const CHANGES: ReadonlySet<string> = new Set(['editMessageText', 'deleteMessage']);
const sent = z.object({ result: z.object({ message_id: z.int() }) });

/** Opens a Telegram that delivers its updates to a webhook in another process. */
export function startTelegram(random: Random, intake: Intake): ChaosTelegram {
  const calls: Draft<TelegramCall>[] = [];
  const typing: Typing[] = [];
  const servers: Served[] = [];
  const answered = new Set<string>();
  const madeInSession = new Map<string, string>();
  const present = new AsyncLocalStorage<Caller>();
  const deliveries = openDeliveries(random.fork('deliveries'), intake);
  let lastCallAtMs = 0;

  const sessionOfCall = ({ payload }: BotApiCall): string => {
    const { chat_id: chatId, message_id: messageId, message_thread_id: threadId } = payload;
    // A change names no topic, but its message is in one.
    const madeIn =
      messageId === undefined ? undefined : madeInSession.get(`${Number(chatId)}:${Number(messageId)}`);
    const topic = threadId === undefined ? undefined : Number(threadId);
    return madeIn ?? sessionOf({ chatId: Number(chatId), threadId: topic });
  };
  const intercept = (call: BotApiCall): BotApiFault | undefined => {
    const { chat_id: chatId, message_thread_id: threadId } = call.payload;
    const drawn = faultOf(random.occurrence(`${call.method} ${String(chatId)} ${String(threadId)}`));
    const isOwed =
      call.method === 'sendMessage' && calls.length >= LOST_AT_LEAST_AFTER && !calls.some(isLost);
    const fault = isOwed ? 'lost_answer' : drawn;
    lastCallAtMs = Date.now();
    const caller = present.getStore();
    if (caller && call.method === 'sendChatAction')
      typing.push({ sender: caller.sender, session: sessionOfCall(call), atMs: call.at.getTime() });
    if (!caller || call.method === 'sendChatAction') return fault === 'lost_answer' ? 'drop' : fault;
    caller.call = recordOf(call, { sender: caller.sender, session: sessionOfCall(call), fault });
    calls.push(caller.call);
    // Its answer is lost only below, when it is known what it did.
    return fault === 'lost_answer' ? undefined : fault;
  };
  const standIn = openTelegramStandIn({
    directory: intake.directory,
    token: BOT_TOKEN,
    intercept,
    fetch: deliveries.fetch,
    onError: intake.onError,
  });
  const serveCaller = async (sender: string, request: Request, bindings: HttpBindings): Promise<Response> => {
    const caller: Caller = { sender, call: undefined };
    const response = await present.run(caller, () => standIn.app.fetch(request, bindings));
    const { call } = caller;
    if (!call?.isCarriedOut) return response;
    call.isCarriedOut = response.ok;
    for (const { token, part, parts } of response.ok ? call.marks : [])
      if (part === parts) answered.add(token);
    if (SENDS.has(call.method) && response.ok) {
      call.messageId = sent.parse(await response.clone().json()).result.message_id;
      madeInSession.set(`${call.chatId}:${call.messageId}`, call.session);
    }
    if (!call.isAnswerLost) return response;
    bindings.incoming.socket.destroy();
    return RESPONSE_ALREADY_SENT;
  };
  const ask = async <Answer>(path: string, body: object): Promise<Answer> => {
    const headers = { 'content-type': 'application/json' };
    const response = await standIn.app.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`The stand-in answered ${path} with ${response.status}`);
    return (await response.json()) as Answer;
  };
  // Groups are numbered downwards from the lowest chat there is: whoever this stranger is, the forum's id is the next.
  if (intake.idsFrom > 0) {
    const id = FIRST_FORUM - intake.idsFrom;
    standIn.sendAsUser({ chat_id: id, from: { id, first_name: 'Stranger' }, text: 'Hello' });
  }
  let forumId: Promise<number> | undefined;
  standIn.start({ url: 'http://127.0.0.1/webhook', secret: SECRET });

  return {
    calls,
    typing,
    lastCallAtMs: () => lastCallAtMs,
    urlFor: async (sender) => {
      const server = await serve((request, bindings) =>
        serveCaller(sender, request, bindings as HttpBindings),
      );
      servers.push(server);
      return server.url;
    },
    openTopic: async (personId) => {
      forumId ??= ask<{ id: number }>('/page/chats', { title: 'Chaos', is_forum: true }).then(({ id }) => id);
      const chatId = await forumId;
      const topic = { name: `Topic of ${personId}` };
      const { thread_id: threadId } = await ask<{ thread_id: number }>(`/page/chats/${chatId}/topics`, topic);
      return { chatId, threadId };
    },
    openGroup: async (firstPersonId) =>
      (await ask<{ id: number }>('/page/chats', { title: `Group of ${firstPersonId}`, is_forum: false })).id,
    say: ({ chatId, threadId }, text, { from, files = [] }) =>
      standIn.sendAsUser({
        chat_id: chatId,
        ...(threadId === undefined ? {} : { thread_id: threadId }),
        from: { id: from, first_name: `Person ${from}`, language_code: 'en' },
        text,
        files,
      }),
    isAnswered: (token) => answered.has(token),
    takenAtMs: (chatId, messageId) => deliveries.takenAtMs(chatId, messageId),
    deliveryFaults: () => deliveries.counts(),
    shown: (places) => {
      const chatIds = [...new Set(places.map(({ chatId }) => chatId))];
      return chatIds.flatMap((id) => standIn.messages(id).flatMap(shownOf));
    },
    close: async () => {
      await deliveries.close();
      await standIn.stop();
      for (const server of servers) await server.close();
    },
  };
}

function isLost({ isAnswerLost }: TelegramCall): boolean {
  return isAnswerLost;
}

function recordOf(
  { method, payload, at }: BotApiCall,
  {
    sender,
    session,
    fault,
  }: { readonly sender: string; readonly session: string; readonly fault: BotApiFault | undefined },
): Draft<TelegramCall> {
  const replied = payload.reply_parameters as { message_id?: number } | undefined;
  return {
    method,
    sender,
    session,
    chatId: Number(payload.chat_id),
    messageId: CHANGES.has(method) ? Number(payload.message_id) : undefined,
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
  const { chat, message_id: messageId, from, reply_to_message: repliesTo } = message;
  const { text = message.caption ?? '', document } = message;
  if (from?.is_bot !== true) return [];
  const session = sessionOf({ chatId: chat.id, threadId: topicOf(message) ?? undefined });
  return [
    {
      session,
      chatId: chat.id,
      messageId,
      replyTo: repliesTo?.message_id,
      text,
      isDocument: document !== undefined,
    },
  ];
}

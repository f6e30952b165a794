import type { Message } from 'grammy/types';
import { z } from 'zod';
import { badRequest } from '../calls/bot-api-error.ts';
import { chatId, flag, integer, nested } from '../calls/call-payload.ts';
import { type BotChat, type ChatStore, topicOf } from '../store/chat-store.ts';
import type { Conversations } from '../conversations.ts';

/** Where a message shall go: the parameters that all send methods have. */
export const sendPlace = z.object({
  chat_id: chatId,
  message_thread_id: integer.optional(),
  reply_parameters: nested(
    z.object({ message_id: integer, allow_sending_without_reply: flag.default(false) }),
  ).optional(),
});

interface FoundPlace {
  chat: BotChat;
  threadId: number | null;
  repliesTo: Message | undefined;
}

/** Finds the chat, the topic and the message that a call names. */
export class PlaceFinder {
  readonly #conversations: Conversations;
  readonly #store: ChatStore;

  constructor(conversations: Conversations, store: ChatStore) {
    this.#conversations = conversations;
    this.#store = store;
  }

  /** @throws BotApiError 400 when there is no such chat, topic or message to reply to. */
  find(call: z.output<typeof sendPlace>): FoundPlace {
    const chat = this.chat(call.chat_id);
    const thread = this.#thread(chat, call.message_thread_id);
    const repliesTo = this.#replied(chat, thread, call.reply_parameters);
    return { chat, threadId: thread ?? (repliesTo ? topicOf(repliesTo) : null), repliesTo };
  }

  /** @throws BotApiError 400 when the bot knows no such chat. */
  chat(id: number | string): BotChat {
    if (typeof id === 'string') throw badRequest('chat not found');
    return this.#conversations.chat(id);
  }

  /** A thread means nothing in an ordinary group, is an error in a private chat, and in a forum must be a topic. */
  #thread(chat: BotChat, threadId = 0): number | null {
    if (threadId === 0 || (chat.type !== 'private' && chat.is_forum !== true)) return null;
    if (!this.#store.hasTopic(chat.id, threadId)) throw badRequest('message thread not found');
    return threadId;
  }

  #replied(
    chat: BotChat,
    thread: number | null,
    wanted: z.output<typeof sendPlace>['reply_parameters'],
  ): Message | undefined {
    if (!wanted) return undefined;
    const found = this.#store.message(chat.id, wanted.message_id);
    if (found && (thread === null || topicOf(found) === thread)) return found;
    if (wanted.allow_sending_without_reply) return undefined;
    throw badRequest('message to be replied not found');
  }
}

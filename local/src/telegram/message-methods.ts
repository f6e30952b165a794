import type { LinkPreviewOptions, Message, User } from 'grammy/types';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { badRequest } from './bot-api-error.ts';
import type { BotMethods } from './bot-method.ts';
import { chatId, flag, integer, nested, parsePayload } from './call-payload.ts';
import { type BotChat, type ChatStore, GENERAL_THREAD_ID, topicOf } from './chat-store.ts';
import type { Conversations } from './conversations.ts';
import { messageEntity } from './message-entity.ts';
import { type MessageText, messageText } from './message-text.ts';
import type { PageEventHub } from './page-event-hub.ts';

const content = z.object({
  text: z.string(),
  entities: nested(z.array(messageEntity)).optional(),
  parse_mode: z.string().optional(),
  link_preview_options: nested(z.custom<LinkPreviewOptions>(isRecord)).optional(),
  reply_markup: nested(z.custom<NonNullable<Message['reply_markup']>>(isRecord)).optional(),
});

const sendMessage = content.extend({
  chat_id: chatId,
  message_thread_id: integer.optional(),
  reply_parameters: nested(
    z.object({ message_id: integer, allow_sending_without_reply: flag.default(false) }),
  ).optional(),
});
const editMessageText = content.extend({ chat_id: chatId, message_id: integer });
const deleteMessage = z.object({ chat_id: chatId, message_id: integer });
const sendChatAction = z.object({
  chat_id: chatId,
  message_thread_id: integer.optional(),
  action: z.string().min(1),
});

interface Parts {
  conversations: Conversations;
  store: ChatStore;
  pages: PageEventHub;
  bot: User;
}

/** @returns the methods with which the bot writes. */
export function messageMethods({ conversations, store, pages, bot }: Parts): BotMethods {
  return {
    sendMessage(payload) {
      const call = parsePayload(sendMessage, payload);
      const draft = toContent(call);
      const chat = findChat(call.chat_id);
      const repliesTo = findReplied(chat, call);
      const threadId = findThread(chat, call.message_thread_id) ?? (repliesTo ? topicOf(repliesTo) : null);
      const sent = conversations.post({ chat, threadId, from: bot, content: draft, repliesTo });
      return { result: conversations.asBotSees(sent) };
    },

    editMessageText(payload) {
      const call = parsePayload(editMessageText, payload);
      const draft = toContent(call);
      const message = store.message(findChat(call.chat_id).id, call.message_id);
      if (!message) throw badRequest('message to edit not found');
      if (message.from?.id !== bot.id || message.text === undefined) {
        throw badRequest("message can't be edited");
      }
      if (isDeepStrictEqual(draft, contentOf(message))) {
        throw badRequest(
          'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
        );
      }
      const edited: Message = { ...message, ...draft, edit_date: Math.floor(Date.now() / 1000) };
      // What the new version does not mention is gone, the buttons too.
      if (!draft.entities) delete edited.entities;
      if (!draft.reply_markup) delete edited.reply_markup;
      if (!draft.link_preview_options) delete edited.link_preview_options;
      conversations.edit(edited);
      return { result: conversations.asBotSees(edited) };
    },

    deleteMessage(payload) {
      const call = parsePayload(deleteMessage, payload);
      const chat = findChat(call.chat_id);
      const message = store.message(chat.id, call.message_id);
      if (!message) throw badRequest('message to delete not found');
      const mayDelete = message.from?.id === bot.id || chat.type === 'private';
      if (!mayDelete) throw badRequest("message can't be deleted");
      conversations.delete(message);
      return { result: true };
    },

    sendChatAction(payload) {
      const call = parsePayload(sendChatAction, payload);
      const chat = findChat(call.chat_id);
      const threadId = call.message_thread_id;
      // In a forum, an action without a thread succeeds and is shown nowhere: General has to be named here.
      if (chat.is_forum === true && threadId !== undefined) {
        pages.publish('typing', {
          chat_id: chat.id,
          ...(threadId !== GENERAL_THREAD_ID && { thread_id: threadId }),
        });
      } else if (chat.is_forum !== true) pages.publish('typing', { chat_id: chat.id });
      return { result: true };
    },
  };

  function findChat(id: number | string): BotChat {
    if (typeof id === 'string') throw badRequest('chat not found');
    return conversations.chat(id);
  }

  /** A thread means nothing in an ordinary group, is an error in a private chat, and in a forum must be a topic. */
  function findThread(chat: BotChat, threadId = 0): number | null {
    if (threadId === 0 || (chat.type !== 'private' && chat.is_forum !== true)) return null;
    if (!store.hasTopic(chat.id, threadId)) throw badRequest('message thread not found');
    return threadId;
  }

  function findReplied(chat: BotChat, call: z.output<typeof sendMessage>): Message | undefined {
    const wanted = call.reply_parameters;
    if (!wanted) return undefined;
    const found = store.message(chat.id, wanted.message_id);
    const thread = findThread(chat, call.message_thread_id);
    if (found && (thread === null || topicOf(found) === thread)) return found;
    if (wanted.allow_sending_without_reply) return undefined;
    throw badRequest('message to be replied not found');
  }
}

type Content = MessageText & Pick<Message, 'reply_markup' | 'link_preview_options'>;

function toContent(call: z.output<typeof content>): Content {
  if (call.parse_mode) throw badRequest("can't parse entities: parse modes are not supported, send entities");
  return {
    ...messageText(call.text, call.entities),
    ...(call.reply_markup && { reply_markup: call.reply_markup }),
    ...(call.link_preview_options && { link_preview_options: call.link_preview_options }),
  };
}

function contentOf(message: Message): Content {
  const { text = '', entities, reply_markup, link_preview_options } = message;
  return {
    text,
    ...(entities && { entities }),
    ...(reply_markup && { reply_markup }),
    ...(link_preview_options && { link_preview_options }),
  };
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

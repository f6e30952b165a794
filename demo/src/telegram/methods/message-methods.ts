import type { LinkPreviewOptions, Message, User } from 'grammy/types';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { badRequest } from '../calls/bot-api-error.ts';
import type { BotMethods } from '../calls/bot-method.ts';
import { chatId, integer, nested, parsePayload } from '../calls/call-payload.ts';
import { type ChatStore, GENERAL_THREAD_ID } from '../store/chat-store.ts';
import type { Conversations } from '../conversations.ts';
import { messageEntity } from '../text/message-entity.ts';
import { type MessageText, messageText } from '../text/message-text.ts';
import type { PageEventHub } from '../page-event-hub.ts';
import { type PlaceFinder, sendPlace } from './send-place.ts';

const content = z.object({
  text: z.string(),
  entities: nested(z.array(messageEntity)).optional(),
  parse_mode: z.string().optional(),
  link_preview_options: nested(z.custom<LinkPreviewOptions>(isRecord)).optional(),
  reply_markup: nested(z.custom<NonNullable<Message['reply_markup']>>(isRecord)).optional(),
});

const sendMessage = sendPlace.extend(content.shape);
const editMessageText = content.extend({ chat_id: chatId, message_id: integer });
const deleteMessage = z.object({ chat_id: chatId, message_id: integer });
const sendChatAction = z.object({
  chat_id: chatId,
  message_thread_id: integer.optional(),
  action: z.string().min(1),
});

interface Parts {
  conversations: Conversations;
  places: PlaceFinder;
  store: ChatStore;
  pages: PageEventHub;
  bot: User;
}

/** @returns the methods with which the bot writes. */
export function messageMethods({ conversations, places, store, pages, bot }: Parts): BotMethods {
  return {
    sendMessage(payload) {
      const call = parsePayload(sendMessage, payload);
      const draft = toContent(call);
      const sent = conversations.post({ ...places.find(call), from: bot, content: draft });
      return { result: conversations.asBotSees(sent) };
    },

    editMessageText(payload) {
      const call = parsePayload(editMessageText, payload);
      const draft = toContent(call);
      const message = store.message(places.chat(call.chat_id).id, call.message_id);
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
      const chat = places.chat(call.chat_id);
      const message = store.message(chat.id, call.message_id);
      if (!message) throw badRequest('message to delete not found');
      const mayDelete = message.from?.id === bot.id || chat.type === 'private';
      if (!mayDelete) throw badRequest("message can't be deleted");
      conversations.delete(message);
      return { result: true };
    },

    sendChatAction(payload) {
      const call = parsePayload(sendChatAction, payload);
      const chat = places.chat(call.chat_id);
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

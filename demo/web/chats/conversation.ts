import type { Message } from 'grammy/types';
import type { PageChat } from '../../src/telegram/page-api.ts';

/** One chat, or one topic of a forum; without `thread_id` a forum's General topic. Each is a session of its own. */
export interface Conversation {
  chat_id: number;
  thread_id?: number;
}

/** Real forums number General 1 in some calls although its messages carry no thread. */
const GENERAL_THREAD_ID = 1;

export function conversationKey({ chat_id, thread_id }: Conversation): string {
  return `${chat_id}:${thread_id ?? 0}`;
}

/** @returns the conversation named by an event, with General under its one name. */
export function conversationAt(chat: PageChat | undefined, chatId: number, threadId?: number): Conversation {
  const isGeneral =
    threadId === GENERAL_THREAD_ID && !chat?.topics.some((topic) => topic.thread_id === threadId);
  if (threadId === undefined || isGeneral || chat?.is_forum === false) return { chat_id: chatId };
  return { chat_id: chatId, thread_id: threadId };
}

/** @returns where a message belongs; a mere reply thread (`is_topic_message` absent) is no topic. */
export function conversationOf(chat: PageChat | undefined, message: Message): Conversation {
  const threadId = message.is_topic_message ? message.message_thread_id : undefined;
  return conversationAt(chat, message.chat.id, threadId);
}

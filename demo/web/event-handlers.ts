import type { PageEventName, PageEvents } from '../src/telegram/page-api.ts';
import type { ChatStore } from './chats/chat-store.ts';
import type { Conversation } from './chats/conversation.ts';
import type { ConversationView } from './chats/conversation-view.ts';
import type { Outbox } from './composer/outbox.ts';

export type EventHandlers = { [N in PageEventName]: (data: PageEvents[N]) => void };

/** What each event of the stream does to what the page knows and shows. */
export function eventHandlers(store: ChatStore, view: ConversationView, outbox: Outbox): EventHandlers {
  return {
    message: (message) => {
      const conversation = store.conversationOf(message);
      const isOwn = message.from?.id === store.me?.id;
      const isSeen = view.isOpen(conversation) && !document.hidden;
      store.putMessage(message, !isOwn && !isSeen);
      if (view.isOpen(conversation)) view.receive(message);
      if (isOwn) outbox.confirm(conversation, message);
    },
    edited: (message) => {
      store.putMessage(message);
      if (view.isOpen(store.conversationOf(message))) view.update(message);
    },
    reaction: (reaction) => {
      if (view.conversation?.chat_id === reaction.chat_id) view.react(reaction);
    },
    deleted: ({ chat_id, message_id }) => {
      store.removeMessage(chat_id, message_id);
      if (view.conversation?.chat_id === chat_id) view.remove(message_id);
    },
    typing: ({ chat_id, thread_id }) => store.setTyping(store.conversationAt(chat_id, thread_id)),
    chat: (chat) => store.putChat(chat),
    cleared: ({ chat_id, thread_id }) => {
      const cleared: Conversation = { chat_id, ...(thread_id !== undefined && { thread_id }) };
      store.clear(cleared);
      const isWholeChat = thread_id === undefined && view.conversation?.chat_id === chat_id;
      if (isWholeChat || view.isOpen(cleared)) view.clear();
    },
  };
}

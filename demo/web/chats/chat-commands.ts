import type { PageChat } from '../../src/telegram/page-api.ts';
import { api } from '../api.ts';
import { attempt } from '../attempt.ts';
import { titleOf } from './chat-header.ts';
import type { ChatStore } from './chat-store.ts';
import type { Conversation } from './conversation.ts';
import { askClear, askNewChat, askNewTopic } from './dialogs.ts';
import { go, hashOf } from './router.ts';

/** Asks for a new group, makes it and opens it. */
export function createChat(store: ChatStore): void {
  attempt(async () => {
    const wanted = await askNewChat();
    if (!wanted) return;
    const chat = await api.createChat(wanted);
    store.putChat(chat);
    go(chat.is_forum ? `#${chat.id}` : hashOf(chat.id));
  });
}

/** Asks for a new topic, makes it and opens it. */
export function createTopic(store: ChatStore, forum: PageChat): void {
  attempt(async () => {
    const name = await askNewTopic();
    if (name === undefined) return;
    const topic = await api.createTopic(forum.id, { name });
    // The event that tells of it may have come first.
    const current = store.chats.get(forum.id) ?? forum;
    const others = current.topics.filter(({ thread_id }) => thread_id !== topic.thread_id);
    store.putChat({ ...current, topics: [...others, topic] });
    go(hashOf(forum.id, topic.thread_id));
  });
}

/** Asks, and removes the messages of a conversation from the page; the event tells what is gone. */
export function clearHistory(store: ChatStore, conversation: Conversation): void {
  attempt(async () => {
    const chat = store.chats.get(conversation.chat_id);
    if (!chat) return;
    // Without a topic the server clears all of a group, so that is what the question names.
    const title = conversation.thread_id === undefined ? chat.title : titleOf(store, conversation);
    if (await askClear(title)) await api.clear(conversation);
  });
}

import type { Message, User } from 'grammy/types';
import type { PageChat, PageState } from '../../src/telegram/page-api.ts';
import { type Conversation, conversationAt, conversationKey, conversationOf } from './conversation.ts';

/** How long "typing" stays without being renewed, as in Telegram's apps. */
const TYPING_SHOWN_MS = 6_000;

/** What the page knows about all chats; the messages of the open one are in the log itself. */
export class ChatStore {
  me: User | undefined;
  bot: User | undefined;
  commands: PageState['commands'] = [];
  readonly chats = new Map<number, PageChat>();
  readonly #newest = new Map<string, Message>();
  readonly #unread = new Map<string, number>();
  readonly #typing = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #listeners: (() => void)[] = [];
  #isNotifying = false;

  /** Calls `listener` once after any number of changes made together. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  load(state: PageState): void {
    this.me = state.me;
    this.bot = state.bot;
    this.commands = state.commands;
    this.chats.clear();
    for (const chat of state.chats) this.putChat(chat);
    this.#changed();
  }

  putChat(chat: PageChat): void {
    this.chats.set(chat.id, chat);
    if (chat.last_message) this.#keepNewest(chat.last_message);
    this.#changed();
  }

  conversationOf(message: Message): Conversation {
    return conversationOf(this.chats.get(message.chat.id), message);
  }

  conversationAt(chatId: number, threadId?: number): Conversation {
    return conversationAt(this.chats.get(chatId), chatId, threadId);
  }

  /** Takes in a new or an edited message. `isUnread`: count it as not seen yet. */
  putMessage(message: Message, isUnread = false): void {
    const conversation = this.conversationOf(message);
    if (isUnread) {
      const key = conversationKey(conversation);
      this.#unread.set(key, (this.#unread.get(key) ?? 0) + 1);
    }
    if (message.from?.id === this.bot?.id) this.#stopTyping(conversationKey(conversation));
    this.#keepNewest(message);
    this.#changed();
  }

  /** Forgets the preview of a removed message. */
  removeMessage(chatId: number, messageId: number): void {
    for (const [key, message] of this.#newest) {
      if (message.chat.id === chatId && message.message_id === messageId) this.#newest.delete(key);
    }
    this.#changed();
  }

  clear(conversation: Conversation): void {
    for (const key of this.#newest.keys()) {
      const isWholeChat = conversation.thread_id === undefined && key.startsWith(`${conversation.chat_id}:`);
      if (isWholeChat || key === conversationKey(conversation)) this.#newest.delete(key);
    }
    this.#changed();
  }

  markRead(conversation: Conversation): void {
    if (this.#unread.delete(conversationKey(conversation))) this.#changed();
  }

  setTyping(conversation: Conversation): void {
    const key = conversationKey(conversation);
    clearTimeout(this.#typing.get(key));
    this.#typing.set(
      key,
      setTimeout(() => this.#stopTyping(key), TYPING_SHOWN_MS),
    );
    this.#changed();
  }

  isTyping(conversation: Conversation): boolean {
    return this.#typing.has(conversationKey(conversation));
  }

  unread(conversation: Conversation): number {
    return this.#unread.get(conversationKey(conversation)) ?? 0;
  }

  newest(conversation: Conversation): Message | undefined {
    return this.#newest.get(conversationKey(conversation));
  }

  /** @returns the conversations of a chat: one, or General and every topic of a forum. */
  conversationsOf(chat: PageChat): Conversation[] {
    const topics = chat.topics.map(({ thread_id }) => ({ chat_id: chat.id, thread_id }));
    return [{ chat_id: chat.id }, ...topics];
  }

  /** @returns the chats as they are listed: the one written to last comes first; making a topic is not writing. */
  listed(): PageChat[] {
    const time = (chat: PageChat): number => {
      const newest = this.newestOf(this.conversationsOf(chat));
      return newest && !newest.forum_topic_created ? newest.date : 0;
    };
    return [...this.chats.values()].toSorted((a, b) => time(b) - time(a));
  }

  newestOf(conversations: readonly Conversation[]): Message | undefined {
    return conversations
      .map((conversation) => this.newest(conversation))
      .filter((message) => message !== undefined)
      .toSorted((a, b) => b.message_id - a.message_id)[0];
  }

  #keepNewest(message: Message): void {
    const key = conversationKey(this.conversationOf(message));
    if ((this.#newest.get(key)?.message_id ?? 0) <= message.message_id) this.#newest.set(key, message);
  }

  #stopTyping(key: string): void {
    clearTimeout(this.#typing.get(key));
    if (this.#typing.delete(key)) this.#changed();
  }

  #changed(): void {
    if (this.#isNotifying) return;
    this.#isNotifying = true;
    queueMicrotask(() => {
      this.#isNotifying = false;
      for (const listener of this.#listeners) listener();
    });
  }
}

import type { Message } from 'grammy/types';
import { api, ApiError } from './api.ts';
import { type Conversation, conversationKey } from './conversation.ts';
import { language } from './i18n.ts';

/** A message of one's own that the server has not confirmed. */
export interface Outgoing {
  /** Unique on this page. */
  id: number;
  conversation: Conversation;
  text: string;
  replyTo?: Message;
  /** Why it was not sent; absent while it is under way. */
  failure?: string;
}

/** Sends messages one after another in each conversation, and keeps those that could not be sent. */
export class Outbox {
  readonly #items: Outgoing[] = [];
  readonly #tails = new Map<string, Promise<void>>();
  readonly #onSent: (message: Message) => void;
  readonly #onChange: () => void;
  #lastId = 0;

  constructor(onSent: (message: Message) => void, onChange: () => void) {
    this.#onSent = onSent;
    this.#onChange = onChange;
  }

  /** @returns what waits in a conversation, in the order in which it was written. */
  waiting(conversation: Conversation): Outgoing[] {
    const key = conversationKey(conversation);
    return this.#items.filter((item) => conversationKey(item.conversation) === key);
  }

  send(conversation: Conversation, text: string, replyTo?: Message): void {
    const item: Outgoing = { id: ++this.#lastId, conversation, text, ...(replyTo && { replyTo }) };
    this.#items.push(item);
    this.#queue(item);
  }

  retry(id: number): void {
    const item = this.#items.find((one) => one.id === id);
    if (!item?.failure) return;
    delete item.failure;
    this.#queue(item);
  }

  /** @returns the message that shall not be sent after all. */
  withdraw(id: number): Outgoing | undefined {
    const index = this.#items.findIndex((one) => one.id === id);
    if (index === -1) return undefined;
    const [item] = this.#items.splice(index, 1);
    this.#onChange();
    return item;
  }

  /** The event stream may bring one's own message before the answer to the request does: it then shows once. */
  confirm(conversation: Conversation, text: string | undefined): void {
    const item = this.waiting(conversation).find((one) => !one.failure && one.text === text);
    if (item) this.withdraw(item.id);
  }

  #queue(item: Outgoing): void {
    const key = conversationKey(item.conversation);
    const tail = (this.#tails.get(key) ?? Promise.resolve()).then(() => this.#deliver(item));
    this.#tails.set(key, tail);
    this.#onChange();
  }

  async #deliver(item: Outgoing): Promise<void> {
    const { chat_id, thread_id } = item.conversation;
    try {
      const message = await api.send(chat_id, {
        text: item.text,
        language_code: language(),
        ...(thread_id !== undefined && { thread_id }),
        ...(item.replyTo && { reply_to_message_id: item.replyTo.message_id }),
      });
      this.withdraw(item.id);
      this.#onSent(message);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      item.failure = error.message;
      this.#onChange();
    }
  }
}

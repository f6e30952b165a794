import type { Message } from 'grammy/types';
import type { NewFile } from '../../src/telegram/page-api.ts';
import { api, ApiError, UNREACHABLE } from '../api.ts';
import { type Conversation, conversationKey } from '../chats/conversation.ts';
import { language } from '../language/i18n.ts';
import { type Attached, upload } from './upload.ts';

/** What somebody writes. */
export interface Draft {
  text: string;
  files: readonly Attached[];
  replyTo?: Message | undefined;
}

/** A message of one's own that the server has not confirmed. */
export interface Outgoing extends Draft {
  /** Unique on this page. */
  id: number;
  /** The same for every try, so that the server takes the message once. */
  sendId: string;
  conversation: Conversation;
  /** How much of the files is through, from 0 to 1; absent once they are, and when there are none. */
  progress?: number;
  /** Ends the sending when it is withdrawn. */
  withdrawn: AbortController;
  /** Why it was not sent; absent while it is under way. */
  failure?: string;
  /** The server was away, so the message is sent again by itself when the server may be back. */
  waitsForServer?: boolean;
}

/** A connection can stand while requests fail and then succeed, as on a train; so nobody tells when the server is back. */
const RETRY_AFTER_MS = 3_000;

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

  send(conversation: Conversation, draft: Draft): void {
    const item = {
      ...draft,
      id: ++this.#lastId,
      sendId: newSendId(),
      conversation,
      withdrawn: new AbortController(),
    };
    this.#items.push(item);
    this.#queue(item);
  }

  retry(id: number): void {
    const item = this.#items.find((one) => one.id === id);
    if (!item?.failure) return;
    delete item.failure;
    delete item.waitsForServer;
    this.#queue(item);
  }

  /** Sends what could not be sent while the server was away, in the order in which it was written. */
  resume(): void {
    for (const { id, waitsForServer } of this.#items) if (waitsForServer === true) this.retry(id);
  }

  /** @returns the message that shall not be sent after all. */
  withdraw(id: number): Outgoing | undefined {
    const index = this.#items.findIndex((one) => one.id === id);
    if (index === -1) return undefined;
    const [item] = this.#items.splice(index, 1);
    item?.withdrawn.abort();
    this.#onChange();
    return item;
  }

  /** The event stream may bring one's own message before the answer to the request does: it then shows once. */
  confirm(conversation: Conversation, message: Message): void {
    const hasFile = message.document !== undefined || message.photo !== undefined;
    const text = message.text ?? message.caption ?? '';
    const item = this.waiting(conversation).find((one) => {
      const isPosted = one.failure === undefined && one.progress === undefined;
      return isPosted && one.text === text && one.files.length > 0 === hasFile;
    });
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
    const { signal } = item.withdrawn;
    if (!this.#items.includes(item)) return;
    try {
      const files = await this.#handOver(item);
      const message = await api.send(chat_id, {
        send_id: item.sendId,
        text: item.text,
        ...(files.length > 0 && { files }),
        language_code: language(),
        ...(thread_id !== undefined && { thread_id }),
        ...(item.replyTo && { reply_to_message_id: item.replyTo.message_id }),
      });
      this.withdraw(item.id);
      this.#onSent(message);
    } catch (error) {
      if (signal.aborted && error === signal.reason) return;
      if (!(error instanceof ApiError)) throw error;
      delete item.progress;
      item.failure = error.message;
      if (error.status === UNREACHABLE) {
        item.waitsForServer = true;
        setTimeout(() => this.resume(), RETRY_AFTER_MS);
      }
      this.#onChange();
    }
  }

  async #handOver(item: Outgoing): Promise<NewFile[]> {
    if (item.files.length === 0) return [];
    const show = (part: number): void => {
      item.progress = part;
      this.#onChange();
    };
    show(0);
    const files = await upload(item.files, show, item.withdrawn.signal);
    delete item.progress;
    this.#onChange();
    return files;
  }
}

/** `crypto.randomUUID` is offered to secure origins alone, and the page may be served to a phone without TLS. */
function newSendId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

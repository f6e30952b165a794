import type { Chat, Message } from 'grammy/types';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { PageTopic } from '../page-api.ts';

/** The chats a bot talks in here; channels are left out. */
export type BotChat = Chat.PrivateChat | Chat.GroupChat | Chat.SupergroupChat;

/** General's number in a forum. No message and no other topic has it. */
export const GENERAL_THREAD_ID = 1;

export interface MessageQuery {
  /** A topic; null means outside of topics; absent means everywhere. */
  threadId?: number | null;
  /** Only messages with a smaller `message_id`. */
  before?: number;
  /** At most this many of the newest. */
  limit?: number;
  /** Also those that were cleared from the page. */
  withHidden?: boolean;
}

/** A page repeats a try within minutes; far fewer are sent meanwhile. */
const MAX_SENDS = 1_000;

const chatRow = z.object({ chat: z.string() });
const messageRow = z.object({ message: z.string() });
const idRow = z.object({ last_message_id: z.int() });
const topicRow = z.object({ thread_id: z.int(), name: z.string() });

/** @returns the topic that a message is in, or null; a mere reply thread is none. */
export function topicOf(message: Message): number | null {
  return message.is_topic_message === true ? (message.message_thread_id ?? null) : null;
}

/** Chats, their topics and their messages, in SQLite. */
export class ChatStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @returns every chat in the order in which they were added. */
  chats(): BotChat[] {
    return this.#database.prepare('SELECT chat FROM chats ORDER BY position').all().map(toChat);
  }

  chat(chatId: number): BotChat | undefined {
    const row = this.#database.prepare('SELECT chat FROM chats WHERE chat_id = ?').get(chatId);
    return row && toChat(row);
  }

  addChat(chat: BotChat): void {
    this.#database
      .prepare('INSERT INTO chats (chat_id, chat, last_message_id) VALUES (?, ?, ?)')
      .run(chat.id, JSON.stringify(chat), chat.is_forum === true ? GENERAL_THREAD_ID : 0);
  }

  topics(chatId: number): PageTopic[] {
    return this.#database
      .prepare('SELECT thread_id, name FROM topics WHERE chat_id = ? ORDER BY thread_id')
      .all(chatId)
      .map((row) => topicRow.parse(row));
  }

  hasTopic(chatId: number, threadId: number): boolean {
    const find = this.#database.prepare('SELECT 1 FROM topics WHERE chat_id = ? AND thread_id = ?');
    return find.get(chatId, threadId) !== undefined;
  }

  addTopic(chatId: number, topic: PageTopic): void {
    this.#database
      .prepare('INSERT INTO topics (chat_id, thread_id, name) VALUES (?, ?, ?)')
      .run(chatId, topic.thread_id, topic.name);
  }

  /** @returns the next `message_id` of the chat; none is ever given twice, deleted messages included. */
  takeMessageId(chatId: number): number {
    const row = this.#database
      .prepare(
        'UPDATE chats SET last_message_id = last_message_id + 1 WHERE chat_id = ? RETURNING last_message_id',
      )
      .get(chatId);
    return idRow.parse(row).last_message_id;
  }

  message(chatId: number, messageId: number): Message | undefined {
    const row = this.#database
      .prepare('SELECT message FROM messages WHERE chat_id = ? AND message_id = ?')
      .get(chatId, messageId);
    return row && toMessage(row);
  }

  /** @returns the message that was sent under this id; undefined when none was, or its message is gone. */
  sentAs(sendId: string): Message | undefined {
    const row = this.#database
      .prepare('SELECT message FROM sends JOIN messages USING (chat_id, message_id) WHERE send_id = ?')
      .get(sendId);
    return row && toMessage(row);
  }

  /** Keeps under which id a message was sent; of these ids the newest are kept. */
  keepSend(sendId: string, message: Message): void {
    this.#database
      .prepare('INSERT INTO sends (send_id, chat_id, message_id) VALUES (?, ?, ?)')
      .run(sendId, message.chat.id, message.message_id);
    this.#database
      .prepare('DELETE FROM sends WHERE position <= (SELECT max(position) FROM sends) - ?')
      .run(MAX_SENDS);
  }

  /** @returns the oldest message of the album that a message belongs to; undefined when it belongs to none. */
  firstOfAlbum({ chat, media_group_id: album }: Message): Message | undefined {
    if (album === undefined) return undefined;
    const row = this.#database
      .prepare(
        "SELECT message FROM messages WHERE chat_id = ? AND message ->> '$.media_group_id' = ? ORDER BY message_id LIMIT 1",
      )
      .get(chat.id, album);
    return row && toMessage(row);
  }

  /** @returns the newest messages that fit, oldest first. */
  messages(chatId: number, query: MessageQuery = {}): Message[] {
    const conditions = ['chat_id = ?'];
    const values = [chatId];
    if (query.withHidden !== true) conditions.push('is_hidden = 0');
    if (query.threadId === null) conditions.push('thread_id IS NULL');
    if (typeof query.threadId === 'number') {
      conditions.push('thread_id = ?');
      values.push(query.threadId);
    }
    if (query.before !== undefined) {
      conditions.push('message_id < ?');
      values.push(query.before);
    }
    const NO_LIMIT = -1;
    const sql = `SELECT message FROM messages WHERE ${conditions.join(' AND ')} ORDER BY message_id DESC LIMIT ?`;
    const rows = this.#database.prepare(sql).all(...values, query.limit ?? NO_LIMIT);
    return rows.map(toMessage).reverse();
  }

  isHidden(chatId: number, messageId: number): boolean {
    const find = this.#database.prepare(
      'SELECT 1 FROM messages WHERE chat_id = ? AND message_id = ? AND is_hidden = 1',
    );
    return find.get(chatId, messageId) !== undefined;
  }

  addMessage(message: Message): void {
    this.#database
      .prepare('INSERT INTO messages (chat_id, message_id, thread_id, message) VALUES (?, ?, ?, ?)')
      .run(message.chat.id, message.message_id, topicOf(message), JSON.stringify(message));
  }

  replaceMessage(message: Message): void {
    this.#database
      .prepare('UPDATE messages SET message = ? WHERE chat_id = ? AND message_id = ?')
      .run(JSON.stringify(message), message.chat.id, message.message_id);
  }

  deleteMessage(chatId: number, messageId: number): void {
    this.#database
      .prepare('DELETE FROM messages WHERE chat_id = ? AND message_id = ?')
      .run(chatId, messageId);
  }

  /** Keeps what the chat, or one topic of it, holds now from the page; the bot can still edit it. */
  hideMessages(chatId: number, threadId?: number): void {
    this.#database
      .prepare('UPDATE messages SET is_hidden = 1 WHERE chat_id = ? AND thread_id IS coalesce(?, thread_id)')
      .run(chatId, threadId ?? null);
  }
}

function toChat(row: object): BotChat {
  return JSON.parse(chatRow.parse(row).chat) as BotChat;
}

function toMessage(row: object): Message {
  return JSON.parse(messageRow.parse(row).message) as Message;
}

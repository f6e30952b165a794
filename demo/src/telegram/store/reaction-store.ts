import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { PageReaction } from '../page-api.ts';

const reactionRow = z.object({ chat_id: z.int(), message_id: z.int(), emoji: z.string() });

/** The bot's reaction to each message that has one, in SQLite; it goes with its message. */
export class ReactionStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @returns the reactions to those of the messages that have one. */
  reactions(chatId: number, messageIds: readonly number[]): PageReaction[] {
    const sql = `SELECT chat_id, message_id, emoji FROM reactions
      WHERE chat_id = ? AND message_id IN (SELECT value FROM json_each(?)) ORDER BY message_id`;
    const rows = this.#database.prepare(sql).all(chatId, JSON.stringify(messageIds));
    return rows.map((row) => reactionRow.parse(row));
  }

  /** @param reaction to a message that is there; takes the place of the one before, and null takes that off. */
  set({ chat_id: chatId, message_id: messageId, emoji }: PageReaction): void {
    if (emoji === null) {
      const sql = 'DELETE FROM reactions WHERE chat_id = ? AND message_id = ?';
      this.#database.prepare(sql).run(chatId, messageId);
      return;
    }
    const sql = `INSERT INTO reactions (chat_id, message_id, emoji) VALUES (?, ?, ?)
      ON CONFLICT (chat_id, message_id) DO UPDATE SET emoji = excluded.emoji`;
    this.#database.prepare(sql).run(chatId, messageId, emoji);
  }
}

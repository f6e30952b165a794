import type { Update } from 'grammy/types';
import { randomInt } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { SettingsStore } from './settings-store.ts';

/** Telegram numbers a bot's updates from a random start in this range. */
const FIRST_UPDATE_ID = { from: 2_000_001, to: 1_000_000_000 };

/** What a bot gets only when it asks for it by name. */
const OPT_IN_TYPES: ReadonlySet<string> = new Set([
  'chat_member',
  'message_reaction',
  'message_reaction_count',
]);

export interface PendingUpdate {
  /** Where it stands in the queue; unlike its `update_id` never used twice. */
  position: number;
  /** The update as it goes over the wire. */
  body: string;
}

const pendingRow = z.object({ position: z.int(), body: z.string() });
const queueRow = z.object({ queue: z.string() });
const countRow = z.object({ count: z.int() });
const withId = z.looseObject({ update_id: z.int() });

/** The updates that the bot has not taken yet, in SQLite. */
export class UpdateQueue {
  readonly #database: DatabaseSync;
  readonly #settings: SettingsStore;
  /** `pushed` when there is an update more, `taken` when there is one less. */
  readonly events = new EventEmitter<{ pushed: []; taken: [] }>().setMaxListeners(0);

  constructor(database: DatabaseSync, settings: SettingsStore) {
    this.#database = database;
    this.#settings = settings;
  }

  /** Numbers and queues an update, unless the bot did not ask for its type (`allowed_updates`). */
  push(type: Exclude<keyof Update, 'update_id'>, content: object): void {
    const allowed = this.#settings.get('allowed_updates') ?? null;
    if (allowed ? !allowed.includes(type) : OPT_IN_TYPES.has(type)) return;
    this.inject({ [type]: content });
  }

  /** Queues any object, wanted or not. It keeps its own `update_id`, also one that was used before. */
  inject(update: object): void {
    const next = this.#settings.get('next_update_id') ?? randomInt(FIRST_UPDATE_ID.from, FIRST_UPDATE_ID.to);
    const body = 'update_id' in update ? update : { update_id: next, ...update };
    const own = withId.safeParse(body).data?.update_id;
    this.#settings.set('next_update_id', Math.max(next, (own ?? next - 1) + 1));
    this.#database
      .prepare('INSERT INTO updates (update_id, queue, body) VALUES (?, ?, ?)')
      .run(own ?? next, queueOf(body), JSON.stringify(body));
    this.events.emit('pushed');
  }

  /** @returns the oldest updates, at most `limit`. */
  list(limit: number): PendingUpdate[] {
    return this.#database
      .prepare('SELECT position, body FROM updates ORDER BY position LIMIT ?')
      .all(limit)
      .map((row) => pendingRow.parse(row));
  }

  /** @returns the names of the queues that hold updates. */
  queues(): string[] {
    return this.#database
      .prepare('SELECT queue FROM updates GROUP BY queue ORDER BY min(position)')
      .all()
      .map((row) => queueRow.parse(row).queue);
  }

  /** @returns the oldest update of one queue. */
  first(queue: string): PendingUpdate | undefined {
    const row = this.#database
      .prepare('SELECT position, body FROM updates WHERE queue = ? ORDER BY position LIMIT 1')
      .get(queue);
    return row && pendingRow.parse(row);
  }

  count(): number {
    return countRow.parse(this.#database.prepare('SELECT count(*) AS count FROM updates').get()).count;
  }

  /** Removes one update that was delivered. */
  take(position: number): void {
    this.#database.prepare('DELETE FROM updates WHERE position = ?').run(position);
    this.events.emit('taken');
  }

  /**
   * Removes what a `getUpdates` offset confirms: everything below it, or with a negative one all but the newest.
   */
  confirm(offset: number): void {
    if (offset >= 0) this.#database.prepare('DELETE FROM updates WHERE update_id < ?').run(offset);
    else {
      this.#database
        .prepare(
          'DELETE FROM updates WHERE position NOT IN (SELECT position FROM updates ORDER BY position DESC LIMIT ?)',
        )
        .run(-offset);
    }
    this.events.emit('taken');
  }

  clear(): void {
    this.#database.exec('DELETE FROM updates');
    this.events.emit('taken');
  }
}

const someone = z.looseObject({ id: z.int() });
const inChat = z.looseObject({ chat: someone });
const fromUser = z.looseObject({ from: someone });

const IN_CHAT_QUEUE = ['message', 'edited_message', 'channel_post', 'edited_channel_post'] as const;
const IN_USER_QUEUE = ['callback_query', 'inline_query'] as const;

/**
 * Updates of one queue are delivered one after another, different queues side by side. As in Telegram's server,
 * messages queue per chat, taps and inline queries per user, other types per type and chat.
 */
function queueOf(update: object): string {
  for (const [type, content] of Object.entries(update)) {
    const user = fromUser.safeParse(content).data?.from.id;
    if (user !== undefined && IN_USER_QUEUE.some((name) => name === type)) return `user:${user}`;
    const chat = inChat.safeParse(content).data?.chat.id;
    if (chat === undefined) continue;
    return IN_CHAT_QUEUE.some((name) => name === type) ? `chat:${chat}` : `${type}:${chat}`;
  }
  return 'other';
}

import { SESSION_MAPPING_DAYS, TABLE_TTL_ATTRIBUTE, ttlSeconds } from '@omnicloud/protocol';
import { DynamoTable, type DynamoTableOptions } from './dynamo-table.ts';
import type { SessionMapping, SessionTable } from './session-table.ts';

const MAPPING_LIFE_MS = SESSION_MAPPING_DAYS * 24 * 60 * 60 * 1000;

export interface DynamoSessionTableOptions extends DynamoTableOptions {
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  readonly now?: () => number;
}

/** The session table in DynamoDB: `session_id` and `saved_at_ms` under the conversation's key. Throws DynamoTableError. */
export class DynamoSessionTable implements SessionTable {
  readonly #table: DynamoTable;
  readonly #now: () => number;

  constructor({ now = Date.now, ...options }: DynamoSessionTableOptions) {
    this.#table = new DynamoTable(options);
    this.#now = now;
  }

  async find(sessionKey: string): Promise<SessionMapping | undefined> {
    const item = await this.#table.find(sessionKey);
    const savedAtMs = Number(item?.saved_at_ms);
    // Also false for an item that is not there.
    if (!(this.#now() < savedAtMs + MAPPING_LIFE_MS)) return undefined;
    return { sessionId: String(item?.session_id), savedAt: new Date(savedAtMs) };
  }

  async save(sessionKey: string, sessionId: string): Promise<void> {
    const savedAtMs = this.#now();
    await this.#table.put(sessionKey, {
      session_id: sessionId,
      saved_at_ms: savedAtMs,
      [TABLE_TTL_ATTRIBUTE]: ttlSeconds(savedAtMs + MAPPING_LIFE_MS),
    });
  }

  async forget(sessionKey: string): Promise<void> {
    await this.#table.delete(sessionKey);
  }
}

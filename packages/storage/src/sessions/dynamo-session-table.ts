import { TABLE_TTL_ATTRIBUTE, ttlSeconds } from '../table-keys.ts';
import { SESSION_MAPPING_DAYS } from '../object-names.ts';
import { DynamoTable, type DynamoTableOptions } from '../dynamo/dynamo-table.ts';
import type { Claim, SessionMapping, SessionTable } from './session-table.ts';

const MAPPING_LIFE_MS = SESSION_MAPPING_DAYS * 24 * 60 * 60 * 1000;

/** Also holds for an item that was saved before there were tokens. What this very run saved is ours, too. */
const IS_OURS = `session_id = :session_id AND saved_at_ms > :expired_before_ms
  AND (attribute_not_exists(fencing_token) OR fencing_token <= :fencing_token)`;
const IS_NONE = 'attribute_not_exists(session_id) OR saved_at_ms <= :expired_before_ms';
const IS_REPLACED = 'session_id = :replaced_id AND saved_at_ms = :replaced_at_ms';

export interface DynamoSessionTableOptions extends DynamoTableOptions {
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  readonly now?: () => number;
}

/**
 * The session table in DynamoDB: `session_id`, `saved_at_ms` and the saver's `fencing_token` under the conversation's key. Every save
 * is one conditional write. The AWS SDK repeats a call whose answer was lost; that is safe, because a save is allowed on top of itself.
 * Throws DynamoTableError.
 */
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

  async save(sessionKey: string, sessionId: string, { fencingToken, replaces }: Claim): Promise<boolean> {
    const nowMs = this.#now();
    const replacedAtMs = replaces?.savedAt.getTime() ?? 0;
    if (replaces === undefined || replacedAtMs <= nowMs - MAPPING_LIFE_MS) {
      return this.#saveIf(`(${IS_OURS}) OR ${IS_NONE}`, { sessionKey, sessionId, fencingToken, nowMs });
    }
    return this.#saveIf(
      `(${IS_OURS}) OR (${IS_REPLACED})`,
      { sessionKey, sessionId, fencingToken, nowMs },
      { ':replaced_id': replaces.sessionId, ':replaced_at_ms': replacedAtMs },
    );
  }

  async refresh(sessionKey: string, sessionId: string, fencingToken: number): Promise<boolean> {
    return this.#saveIf(IS_OURS, { sessionKey, sessionId, fencingToken, nowMs: this.#now() });
  }

  async inherit(sessionKey: string, from: string): Promise<void> {
    const item = await this.#table.find(from);
    const expiredBeforeMs = this.#now() - MAPPING_LIFE_MS;
    if (item === undefined || !(Number(item.saved_at_ms) > expiredBeforeMs)) return;
    await this.#table.putIf(sessionKey, item, {
      condition: IS_NONE,
      values: { ':expired_before_ms': expiredBeforeMs },
    });
  }

  async forget(sessionKey: string, sessionId: string): Promise<void> {
    await this.#table.deleteIf(sessionKey, {
      condition: 'session_id = :session_id',
      values: { ':session_id': sessionId },
    });
  }

  async #saveIf(
    condition: string,
    saved: { sessionKey: string; sessionId: string; fencingToken: number; nowMs: number },
    values: Readonly<Record<string, unknown>> = {},
  ): Promise<boolean> {
    const { sessionKey, sessionId, fencingToken, nowMs } = saved;
    const { applied } = await this.#table.updateIf(sessionKey, {
      update: `SET session_id = :session_id, saved_at_ms = :now_ms, fencing_token = :fencing_token,
        ${TABLE_TTL_ATTRIBUTE} = :ttl`,
      condition,
      values: {
        ':session_id': sessionId,
        ':now_ms': nowMs,
        ':fencing_token': fencingToken,
        ':ttl': ttlSeconds(nowMs + MAPPING_LIFE_MS),
        ':expired_before_ms': nowMs - MAPPING_LIFE_MS,
        ...values,
      },
    });
    return applied;
  }
}

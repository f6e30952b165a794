import { stopKey, TABLE_TTL_ATTRIBUTE, ttlSeconds } from '../table-keys.ts';
import { DynamoTable, type DynamoTableOptions } from '../dynamo/dynamo-table.ts';
import type { StopRequests } from './stop-requests.ts';

const REQUEST_LIFE_MS = 24 * 60 * 60 * 1000;

export interface DynamoStopRequestsOptions extends DynamoTableOptions {
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  readonly now?: () => number;
}

/** The stop requests in DynamoDB, one item per conversation. Throws DynamoTableError. */
export class DynamoStopRequests implements StopRequests {
  readonly #table: DynamoTable;
  readonly #now: () => number;

  constructor({ now = Date.now, ...options }: DynamoStopRequestsOptions) {
    this.#table = new DynamoTable(options);
    this.#now = now;
  }

  /**
   * A refused condition means that a higher id is there already, which says all that this one does. An expired one does not
   * count: after a quiet week Telegram draws update ids anew (https://core.telegram.org/bots/api#update).
   */
  async request(sessionKey: string, updateId: number): Promise<void> {
    const nowMs = this.#now();
    await this.#table.updateIf(stopKey(sessionKey), {
      update: `SET update_id = :update_id, requested_at_ms = :now_ms, ${TABLE_TTL_ATTRIBUTE} = :ttl`,
      condition:
        'attribute_not_exists(update_id) OR update_id <= :update_id OR requested_at_ms <= :expired_before_ms',
      values: {
        ':update_id': updateId,
        ':now_ms': nowMs,
        ':ttl': ttlSeconds(nowMs + REQUEST_LIFE_MS),
        ':expired_before_ms': nowMs - REQUEST_LIFE_MS,
      },
    });
  }

  async isStopped(sessionKey: string, updateId: number): Promise<boolean> {
    const item = await this.#table.find(stopKey(sessionKey));
    // Both are false for an item that is not there.
    return (
      Number(item?.update_id) > updateId && this.#now() < Number(item?.requested_at_ms) + REQUEST_LIFE_MS
    );
  }
}

import {
  DynamoTable,
  type DynamoTableOptions,
  leaseKey,
  SESSION_MAPPING_DAYS,
  TABLE_TTL_ATTRIBUTE,
  ttlSeconds,
} from '@omnicloud/storage';
import { AgentError } from '../../errors.ts';
import type { Acquired, Lease, SessionLeases } from './session-lease.ts';

/** How long an unused item is kept. Tokens start at the clock's ms, so they also grow across an item that was deleted. */
const ITEM_LIFE_MS = SESSION_MAPPING_DAYS * 24 * 60 * 60 * 1000;

const IS_STILL_THEIRS = 'holder = :holder AND fencing_token = :fencing_token';

export interface DynamoSessionLeasesOptions extends DynamoTableOptions {
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  readonly now?: () => number;
}

/**
 * The leases in DynamoDB. An item outlives its lease, because the next fencing token must be higher; without a holder it was
 * let go. Every step is one conditional write, so DynamoDB alone decides who is first.
 */
export class DynamoSessionLeases implements SessionLeases {
  readonly #table: DynamoTable;
  readonly #now: () => number;

  constructor({ now = Date.now, ...options }: DynamoSessionLeasesOptions) {
    this.#table = new DynamoTable(options);
    this.#now = now;
  }

  async acquire(sessionId: string, holder: string, ttlMs: number): Promise<Acquired> {
    const nowMs = this.#now();
    const heldUntilMs = nowMs + ttlMs;
    const outcome = await this.#updateIf(sessionId, {
      update: `SET fencing_token = if_not_exists(fencing_token, :now_ms) + :one,
        holder = :holder, held_until_ms = :held_until_ms, ${TABLE_TTL_ATTRIBUTE} = :ttl`,
      condition: 'attribute_not_exists(holder) OR held_until_ms <= :now_ms',
      values: {
        ':one': 1,
        ':holder': holder,
        ':now_ms': nowMs,
        ':held_until_ms': heldUntilMs,
        ':ttl': ttlSeconds(heldUntilMs + ITEM_LIFE_MS),
      },
    });
    const { holder: heldBy, held_until_ms: untilMs, fencing_token: fencingToken } = outcome.item;
    const until = new Date(Number(untilMs));
    // The AWS SDK repeats a call whose answer was lost: then it is our own lease that stands in our way.
    const isOurs = outcome.applied || (outcome.attempts > 1 && heldBy === holder);
    if (!isOurs) return { heldBy: String(heldBy), until };
    return { lease: { sessionId, holder, fencingToken: Number(fencingToken), expiresAt: until } };
  }

  async renew(lease: Lease, ttlMs: number): Promise<Lease | undefined> {
    const heldUntilMs = this.#now() + ttlMs;
    const { applied } = await this.#updateIf(lease.sessionId, {
      update: `SET held_until_ms = :held_until_ms, ${TABLE_TTL_ATTRIBUTE} = :ttl`,
      condition: IS_STILL_THEIRS,
      values: {
        ':holder': lease.holder,
        ':fencing_token': lease.fencingToken,
        ':held_until_ms': heldUntilMs,
        ':ttl': ttlSeconds(heldUntilMs + ITEM_LIFE_MS),
      },
    });
    return applied ? { ...lease, expiresAt: new Date(heldUntilMs) } : undefined;
  }

  /** @throws AgentError `store_unavailable`; then the lease expires by itself, unless it was let go after all. */
  async release(lease: Lease): Promise<void> {
    await this.#updateIf(lease.sessionId, {
      update: 'REMOVE holder',
      condition: IS_STILL_THEIRS,
      values: { ':holder': lease.holder, ':fencing_token': lease.fencingToken },
    });
  }

  async #updateIf(
    sessionId: string,
    change: Parameters<DynamoTable['updateIf']>[1],
  ): ReturnType<DynamoTable['updateIf']> {
    try {
      return await this.#table.updateIf(leaseKey(sessionId), change);
    } catch (error) {
      throw new AgentError('store_unavailable', 'The leases of the sessions could not be used', {
        cause: error,
      });
    }
  }
}

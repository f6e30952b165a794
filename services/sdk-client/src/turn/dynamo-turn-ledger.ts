import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import {
  DynamoTable,
  DynamoTableError,
  type DynamoTableOptions,
  TABLE_PARTITION_KEY,
  TABLE_TTL_ATTRIBUTE,
  ttlSeconds,
  turnKey,
} from '@omnicloud/storage';
import { z } from 'zod';
import { ClientError } from '../errors.ts';
import type { StoredTurnLedger } from './turn-ledger.ts';
import { type StoredRecord, storedRecordSchema } from './turn-record.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** As long as the queue remembers an update. */
const LIFE_MS = 7 * 24 * 60 * 60 * 1000;

const itemSchema = z.object({ record: z.instanceof(Uint8Array), expires_at_ms: z.number() });

/** The ledger could not be read or written; it is retryable as its cause is, and not at all when an item is no record. */
export class LedgerUnavailableError extends ClientError {
  override readonly name = 'LedgerUnavailableError';

  constructor(message: string, cause: unknown) {
    const retryable = cause instanceof DynamoTableError && cause.retryable;
    super('ledger_unavailable', message, { cause, retryable });
  }
}

export interface DynamoTurnLedgerOptions extends DynamoTableOptions {
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  readonly now?: () => number;
}

/**
 * The ledger in DynamoDB, one item per update. The record is gzipped JSON: it holds the answer twice, as Markdown and as it was
 * posted, and an item may have 400 KB; see `SpillingTurnLedger` for what is larger. `state` stands beside it for whoever looks at the table.
 */
export class DynamoTurnLedger implements StoredTurnLedger {
  readonly #table: DynamoTable;
  readonly #now: () => number;

  constructor({ now = Date.now, ...options }: DynamoTurnLedgerOptions) {
    this.#table = new DynamoTable(options);
    this.#now = now;
  }

  /** @throws LedgerUnavailableError */
  async find(updateId: number): Promise<StoredRecord | undefined> {
    try {
      const item = await this.#table.find(turnKey(updateId));
      if (item === undefined) return undefined;
      const { record, expires_at_ms: expiresAtMs } = itemSchema.parse(item);
      if (expiresAtMs <= this.#now()) return undefined;
      return storedRecordSchema.parse(JSON.parse((await decompress(record)).toString('utf8')));
    } catch (error) {
      throw new LedgerUnavailableError(`The record of update ${updateId} could not be read`, error);
    }
  }

  /** @throws LedgerUnavailableError; not retryable when the record is larger than an item may be, even compressed. */
  async save(updateId: number, record: StoredRecord): Promise<boolean> {
    const { version, delivery } = record;
    const nowMs = this.#now();
    const expiresAtMs = nowMs + LIFE_MS;
    const isFirst = version === 1;
    try {
      const outcome = await this.#table.putIf(
        turnKey(updateId),
        {
          state: record.state,
          record: await compress(JSON.stringify(record)),
          turn_version: version,
          delivery,
          expires_at_ms: expiresAtMs,
          [TABLE_TTL_ATTRIBUTE]: ttlSeconds(expiresAtMs),
        },
        isFirst
          ? {
              condition: `attribute_not_exists(${TABLE_PARTITION_KEY}) OR expires_at_ms <= :now`,
              values: { ':now': nowMs },
            }
          : { condition: 'turn_version = :before', values: { ':before': version - 1 } },
      );
      // A repetition whose first attempt landed finds what it wrote itself.
      return outcome.applied || (outcome.item.turn_version === version && outcome.item.delivery === delivery);
    } catch (error) {
      throw new LedgerUnavailableError(`The record of update ${updateId} could not be written`, error);
    }
  }
}

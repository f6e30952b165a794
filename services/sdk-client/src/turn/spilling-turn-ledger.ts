// record → small? the ledger | large? the bucket first, then a record in the ledger that names it
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { ClientError } from '../errors.ts';
import type { SpilledRecords } from './spilled-records.ts';
import type { StoredTurnLedger, TurnLedger } from './turn-ledger.ts';
import { type TurnRecord, turnRecordSchema } from './turn-record.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Of a record as JSON, in bytes: what an item of 400 KB holds several times, compressed or not. */
const LARGEST_IN_LEDGER_BYTES = 64 * 1024;
/** Of a record in the bucket, unpacked. An answer has 4 MB, and what is merged with it 200 KB. In bytes. */
const LARGEST_RECORD_BYTES = 64 * 1024 * 1024;
/** A record whose object is gone was replaced meanwhile: so often it is looked up again. */
const LOOKS = 3;

class SpilledRecordError extends ClientError {
  override readonly name = 'SpilledRecordError';

  constructor(message: string, cause: unknown) {
    super('ledger_unavailable', message, { cause, retryable: true });
  }
}

export interface SpillingOptions {
  readonly ledger: StoredTurnLedger;
  readonly records: SpilledRecords;
  /** Told that a record which nobody needs any more could not be removed; the store removes it later. */
  readonly onLeftover: (error: unknown) => void;
  /** What the ledger itself takes of a record as JSON, in bytes; 64 KiB unless told otherwise. */
  readonly largestBytes?: number;
}

/**
 * A ledger whose records may be of any size. A large one lies in an object of its own, which is written before the ledger names it and never
 * again: whoever is killed in between leaves the record before as it was. Which delivery goes on with a turn is the ledger's alone to decide.
 */
export class SpillingTurnLedger implements TurnLedger {
  readonly #ledger: StoredTurnLedger;
  readonly #records: SpilledRecords;
  readonly #largestBytes: number;
  readonly #onLeftover: (error: unknown) => void;
  /** The object that a turn's record was last seen in. */
  readonly #seen = new Map<number, string>();

  constructor({ ledger, records, onLeftover, largestBytes = LARGEST_IN_LEDGER_BYTES }: SpillingOptions) {
    this.#largestBytes = largestBytes;
    this.#ledger = ledger;
    this.#records = records;
    this.#onLeftover = onLeftover;
  }

  /** @throws SpilledRecordError, and what the ledger throws. */
  async find(updateId: number): Promise<TurnRecord | undefined> {
    let cause: unknown;
    for (let look = 0; look < LOOKS; look += 1) {
      const record = await this.#ledger.find(updateId);
      if (record === undefined || !('spilledTo' in record)) return record;
      try {
        const whole = await this.#read(record.spilledTo);
        this.#seen.set(updateId, record.spilledTo);
        return whole;
      } catch (error) {
        // Another delivery may have replaced it meanwhile; without the right to list, S3 calls it forbidden then.
        cause = error;
      }
    }
    throw new SpilledRecordError(`The large record of update ${updateId} could not be read`, cause);
  }

  /** @throws SpilledRecordError, and what the ledger throws. */
  async save(updateId: number, record: TurnRecord): Promise<boolean> {
    const json = Buffer.from(JSON.stringify(record));
    const before = this.#seen.get(updateId);
    if (json.byteLength <= this.#largestBytes) {
      const isSaved = await this.#ledger.save(updateId, record);
      if (isSaved && before !== undefined) await this.#forget(updateId, before);
      return isSaved;
    }
    const { state, version, delivery, undecidableSends, deferrals } = record;
    const key = `turns/${updateId}/${version}-${delivery}.json.gz`;
    await this.#write(key, json);
    const small = { state, version, delivery, undecidableSends, deferrals, posted: [], spilledTo: key };
    if (!(await this.#ledger.save(updateId, small))) {
      await this.#remove(key);
      return false;
    }
    this.#seen.set(updateId, key);
    if (before !== undefined && before !== key) await this.#remove(before);
    return true;
  }

  async #read(key: string): Promise<TurnRecord> {
    const content = await this.#records.get(key);
    if (content === undefined) throw new Error(`There is no ${key}`);
    const json = await decompress(content, { maxOutputLength: LARGEST_RECORD_BYTES });
    return turnRecordSchema.parse(JSON.parse(json.toString('utf8')));
  }

  async #write(key: string, json: Buffer): Promise<void> {
    try {
      await this.#records.put(key, await compress(json));
    } catch (error) {
      throw new SpilledRecordError('A large record of the ledger could not be written', error);
    }
  }

  async #forget(updateId: number, key: string): Promise<void> {
    this.#seen.delete(updateId);
    await this.#remove(key);
  }

  async #remove(key: string): Promise<void> {
    try {
      await this.#records.delete(key);
    } catch (error) {
      this.#onLeftover(error);
    }
  }
}

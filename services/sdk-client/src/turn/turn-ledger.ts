import type { StoredRecord, TurnRecord } from './turn-record.ts';

/**
 * Port: what is known of each turn, by `update_id`, so that a redelivered one goes on where it stopped.
 * A record outlives every redelivery of its turn; a store may forget it after 7 days.
 */
export interface TurnLedger {
  /** @returns the record, undefined for a turn that was never begun. */
  find(updateId: number): Promise<TurnRecord | undefined>;
  /**
   * Saves the record if the stored one is its predecessor: `version - 1`, or none for version 1. Saving the very same one
   * again (version and delivery) succeeds. It is durable when this resolves.
   * @returns false when another delivery has gone on; nothing is changed then.
   */
  save(updateId: number, record: TurnRecord): Promise<boolean>;
}

/** As `TurnLedger`, beneath it: of a large record, this store may be given only where the record lies. */
export interface StoredTurnLedger {
  find(updateId: number): Promise<StoredRecord | undefined>;
  save(updateId: number, record: StoredRecord): Promise<boolean>;
}

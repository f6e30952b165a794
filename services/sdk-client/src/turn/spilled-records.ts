/**
 * Port: where the records of turns lie that are too large for the ledger itself, under keys that begin with `turns/`. A store may remove
 * what was written 15 days ago: the ledger has forgotten the turn by then.
 */
export interface SpilledRecords {
  /** Replaces what lies there, as a whole; durable when this resolves. */
  put(key: string, content: Uint8Array): Promise<void>;
  /** @returns undefined when there is none. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Nothing happens when there is none. */
  delete(key: string): Promise<void>;
}

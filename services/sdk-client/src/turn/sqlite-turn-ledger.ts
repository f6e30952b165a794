import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { openSqliteFile } from '@omnicloud/storage';
import type { StoredTurnLedger } from './turn-ledger.ts';
import { type StoredRecord, storedRecordSchema } from './turn-record.ts';

const FILE_NAME = 'ledger.db';
const LOSS = 'messages that are being answered may be answered twice';
/** As long as the queue remembers an update. */
const LIFE_MS = 7 * 24 * 60 * 60 * 1000;

const MIGRATIONS = [
  `CREATE TABLE turns (
     update_id INTEGER PRIMARY KEY,
     record TEXT NOT NULL,
     saved_at_ms INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX turns_by_age ON turns (saved_at_ms)`,
  `ALTER TABLE turns ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE turns ADD COLUMN delivery TEXT NOT NULL DEFAULT ''`,
];

/** The ledger in a SQLite file, which several processes may share. */
export class SqliteTurnLedger implements StoredTurnLedger {
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #save: StatementSync;
  readonly #forget: StatementSync;

  /**
   * @param directory where `ledger.db` lies; created when missing.
   * @throws NewerSchemaError when a newer release wrote the file; SQLite's own error when it cannot be opened.
   */
  constructor(directory: string) {
    this.#database = openSqliteFile(join(directory, FILE_NAME), MIGRATIONS, LOSS);
    this.#find = this.#database.prepare('SELECT record FROM turns WHERE update_id = ?');
    this.#forget = this.#database.prepare('DELETE FROM turns WHERE saved_at_ms < ?');
    this.#save = this.#database.prepare(
      `INSERT INTO turns (update_id, record, saved_at_ms, version, delivery)
       SELECT :updateId, :record, :nowMs, :version, :delivery
       WHERE :version = 1 OR EXISTS (SELECT 1 FROM turns WHERE update_id = :updateId)
       ON CONFLICT (update_id) DO UPDATE SET
         record = excluded.record, saved_at_ms = excluded.saved_at_ms,
         version = excluded.version, delivery = excluded.delivery
       WHERE turns.version = excluded.version - 1
         OR (turns.version = excluded.version AND turns.delivery = excluded.delivery)`,
    );
  }

  async find(updateId: number): Promise<StoredRecord | undefined> {
    const row = this.#find.get(updateId);
    return row === undefined ? undefined : storedRecordSchema.parse(JSON.parse(String(row.record)));
  }

  /** Takes the chance of a new turn to delete what is too old to be delivered again. */
  async save(updateId: number, record: StoredRecord): Promise<boolean> {
    const { version, delivery } = record;
    const { changes } = this.#save.run({
      updateId,
      record: JSON.stringify(record),
      nowMs: Date.now(),
      version,
      delivery,
    });
    if (version === 1) this.#forget.run(Date.now() - LIFE_MS);
    return changes === 1;
  }

  close(): void {
    this.#database.close();
  }
}

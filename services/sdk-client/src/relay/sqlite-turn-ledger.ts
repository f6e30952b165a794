import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { openSqliteFile } from '@omnicloud/session-table';
import { type TurnLedger, type TurnRecord, turnRecordSchema } from './turn-ledger.ts';

const FILE_NAME = 'ledger.db';
/** As long as the queue remembers an update. */
const LIFE_MS = 7 * 24 * 60 * 60 * 1000;

const MIGRATIONS = [
  `CREATE TABLE turns (
     update_id INTEGER PRIMARY KEY,
     record TEXT NOT NULL,
     saved_at_ms INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX turns_by_age ON turns (saved_at_ms)`,
];

/** The ledger in a SQLite file, which several processes may share. */
export class SqliteTurnLedger implements TurnLedger {
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #save: StatementSync;

  /**
   * @param directory where `ledger.db` lies; created when missing.
   * @throws NewerSchemaError when a newer release wrote the file; SQLite's own error when it cannot be opened.
   */
  constructor(directory: string) {
    this.#database = openSqliteFile(join(directory, FILE_NAME), MIGRATIONS);
    this.#database.prepare('DELETE FROM turns WHERE saved_at_ms < ?').run(Date.now() - LIFE_MS);
    this.#find = this.#database.prepare('SELECT record FROM turns WHERE update_id = ?');
    this.#save = this.#database.prepare(
      `INSERT INTO turns (update_id, record, saved_at_ms) VALUES (?, ?, ?)
       ON CONFLICT (update_id) DO UPDATE SET record = excluded.record, saved_at_ms = excluded.saved_at_ms`,
    );
  }

  async find(updateId: number): Promise<TurnRecord | undefined> {
    const row = this.#find.get(updateId);
    return row === undefined ? undefined : turnRecordSchema.parse(JSON.parse(String(row.record)));
  }

  async save(updateId: number, record: TurnRecord): Promise<void> {
    this.#save.run(updateId, JSON.stringify(record), Date.now());
  }

  close(): void {
    this.#database.close();
  }
}

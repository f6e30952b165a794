import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SESSION_MAPPING_DAYS } from '@omnicloud/protocol';
import type { SessionMapping, SessionTable } from './session-table.ts';
import { openSqliteFile } from './sqlite-file.ts';

const FILE_NAME = 'sessions.db';
const MAPPING_LIFE_MS = SESSION_MAPPING_DAYS * 24 * 60 * 60 * 1000;

const MIGRATIONS = [
  `CREATE TABLE sessions (
     session_key TEXT PRIMARY KEY,
     session_id TEXT NOT NULL,
     saved_at_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`,
];

export interface SqliteSessionTableOptions {
  /** Where `sessions.db` lies; created when missing. */
  directory: string;
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  now?: () => number;
}

/** The session table in a SQLite file, which several processes may share. */
export class SqliteSessionTable implements SessionTable {
  readonly #now: () => number;
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #save: StatementSync;
  readonly #forget: StatementSync;
  readonly #forgetExpired: StatementSync;

  /** @throws NewerSchemaError when a newer release wrote the file; SQLite's own error when it cannot be opened. */
  constructor({ directory, now = Date.now }: SqliteSessionTableOptions) {
    this.#now = now;
    this.#database = openSqliteFile(join(directory, FILE_NAME), MIGRATIONS);
    this.#find = this.#database.prepare(
      'SELECT session_id, saved_at_ms FROM sessions WHERE session_key = ? AND saved_at_ms > ?',
    );
    this.#save = this.#database.prepare('INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)');
    this.#forget = this.#database.prepare('DELETE FROM sessions WHERE session_key = ?');
    this.#forgetExpired = this.#database.prepare('DELETE FROM sessions WHERE saved_at_ms <= ?');
  }

  async find(sessionKey: string): Promise<SessionMapping | undefined> {
    const row = this.#find.get(sessionKey, this.#now() - MAPPING_LIFE_MS);
    if (row === undefined) return undefined;
    return { sessionId: String(row.session_id), savedAt: new Date(Number(row.saved_at_ms)) };
  }

  /** Takes the chance to delete what has expired, so that the file does not keep conversations that are over. */
  async save(sessionKey: string, sessionId: string): Promise<void> {
    const savedAtMs = this.#now();
    this.#save.run(sessionKey, sessionId, savedAtMs);
    this.#forgetExpired.run(savedAtMs - MAPPING_LIFE_MS);
  }

  async forget(sessionKey: string): Promise<void> {
    this.#forget.run(sessionKey);
  }

  close(): void {
    this.#database.close();
  }
}

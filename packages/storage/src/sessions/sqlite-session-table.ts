import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SESSION_MAPPING_DAYS } from '../object-names.ts';
import type { Claim, SessionMapping, SessionTable } from './session-table.ts';
import { openSqliteFile } from '../sqlite/sqlite-file.ts';

const FILE_NAME = 'sessions.db';
const LOSS = 'every chat starts a new conversation, and the old ones stay in the store';
const MAPPING_LIFE_MS = SESSION_MAPPING_DAYS * 24 * 60 * 60 * 1000;

const MIGRATIONS = [
  `CREATE TABLE sessions (
     session_key TEXT PRIMARY KEY,
     session_id TEXT NOT NULL,
     saved_at_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`,
  'ALTER TABLE sessions ADD COLUMN fencing_token INTEGER NOT NULL DEFAULT 0',
];

const NEW_LIFE = 'session_id = :sessionId, saved_at_ms = :savedAtMs, fencing_token = :fencingToken';
const IS_OURS = 'session_id = :sessionId AND fencing_token <= :fencingToken';

export interface SqliteSessionTableOptions {
  /** Where `sessions.db` lies; created when missing. */
  directory: string;
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  now?: () => number;
}

/**
 * The session table in a SQLite file, which several processes may share. A save deletes what has expired first: no condition need
 * ask whether a row is alive, and the file does not keep conversations that are over. Each decision is one statement.
 */
export class SqliteSessionTable implements SessionTable {
  readonly #now: () => number;
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #take: StatementSync;
  readonly #replace: StatementSync;
  readonly #refresh: StatementSync;
  readonly #inherit: StatementSync;
  readonly #forget: StatementSync;
  readonly #forgetExpired: StatementSync;

  /** @throws NewerSchemaError when a newer release wrote the file; SQLite's own error when it cannot be opened. */
  constructor({ directory, now = Date.now }: SqliteSessionTableOptions) {
    this.#now = now;
    this.#database = openSqliteFile(join(directory, FILE_NAME), MIGRATIONS, LOSS);
    this.#find = this.#database.prepare(
      'SELECT session_id, saved_at_ms FROM sessions WHERE session_key = ? AND saved_at_ms > ?',
    );
    this.#take = this.#database.prepare(
      `INSERT INTO sessions (session_key, session_id, saved_at_ms, fencing_token)
       VALUES (:sessionKey, :sessionId, :savedAtMs, :fencingToken)
       ON CONFLICT (session_key) DO UPDATE SET ${NEW_LIFE} WHERE ${IS_OURS}`,
    );
    this.#replace = this.#database.prepare(
      `UPDATE sessions SET ${NEW_LIFE} WHERE session_key = :sessionKey
       AND ((${IS_OURS}) OR (session_id = :replacedId AND saved_at_ms = :replacedAtMs))`,
    );
    this.#refresh = this.#database.prepare(
      `UPDATE sessions SET ${NEW_LIFE} WHERE session_key = :sessionKey AND ${IS_OURS}`,
    );
    this.#inherit = this.#database.prepare(
      `INSERT INTO sessions (session_key, session_id, saved_at_ms, fencing_token)
       SELECT :heir, session_id, saved_at_ms, fencing_token FROM sessions WHERE session_key = :from
       ON CONFLICT (session_key) DO NOTHING`,
    );
    this.#forget = this.#database.prepare('DELETE FROM sessions WHERE session_key = ? AND session_id = ?');
    this.#forgetExpired = this.#database.prepare('DELETE FROM sessions WHERE saved_at_ms <= ?');
  }

  async find(sessionKey: string): Promise<SessionMapping | undefined> {
    const row = this.#find.get(sessionKey, this.#now() - MAPPING_LIFE_MS);
    if (row === undefined) return undefined;
    return { sessionId: String(row.session_id), savedAt: new Date(Number(row.saved_at_ms)) };
  }

  async save(sessionKey: string, sessionId: string, { fencingToken, replaces }: Claim): Promise<boolean> {
    const savedAtMs = this.#now();
    this.#forgetExpired.run(savedAtMs - MAPPING_LIFE_MS);
    const ours = { sessionKey, sessionId, savedAtMs, fencingToken };
    const replacedAtMs = replaces?.savedAt.getTime() ?? 0;
    const { changes } =
      replaces === undefined || replacedAtMs <= savedAtMs - MAPPING_LIFE_MS
        ? this.#take.run(ours)
        : this.#replace.run({ ...ours, replacedId: replaces.sessionId, replacedAtMs });
    return changes !== 0;
  }

  async refresh(sessionKey: string, sessionId: string, fencingToken: number): Promise<boolean> {
    const savedAtMs = this.#now();
    this.#forgetExpired.run(savedAtMs - MAPPING_LIFE_MS);
    return this.#refresh.run({ sessionKey, sessionId, savedAtMs, fencingToken }).changes !== 0;
  }

  async inherit(sessionKey: string, from: string): Promise<void> {
    this.#forgetExpired.run(this.#now() - MAPPING_LIFE_MS);
    this.#inherit.run({ heir: sessionKey, from });
  }

  async forget(sessionKey: string, sessionId: string): Promise<void> {
    this.#forget.run(sessionKey, sessionId);
  }

  close(): void {
    this.#database.close();
  }
}

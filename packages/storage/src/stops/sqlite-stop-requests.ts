import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import { DispensableFile } from '../sqlite/dispensable-file.ts';
import type { StopRequests } from './stop-requests.ts';

const FILE_NAME = 'stops.db';
const REQUEST_LIFE_MS = 24 * 60 * 60 * 1000;

const MIGRATIONS = [
  `CREATE TABLE stop_requests (
     session_key TEXT PRIMARY KEY,
     update_id INTEGER NOT NULL,
     requested_at_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`,
];

export interface SqliteStopRequestsOptions {
  /** Where `stops.db` lies; created when missing. */
  directory: string;
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  now?: () => number;
  /** Told that a damaged file was replaced, or that the file could not be opened at the start; must not throw. Nobody unless given. */
  onTrouble?: (error: unknown) => void;
}

interface Statements {
  readonly forgetExpired: StatementSync;
  readonly request: StatementSync;
  readonly find: StatementSync;
}

/**
 * The stop requests in a SQLite file, which several processes may share. It decides nothing that cannot be asked for again, so a damaged
 * file is replaced. When the file cannot be used, SQLite's own error is thrown.
 */
export class SqliteStopRequests implements StopRequests {
  readonly #now: () => number;
  readonly #file: DispensableFile<Statements>;

  /** @throws NewerSchemaError when a newer release wrote the file. */
  constructor({ directory, now = Date.now, onTrouble = () => undefined }: SqliteStopRequestsOptions) {
    this.#now = now;
    this.#file = new DispensableFile({
      path: join(directory, FILE_NAME),
      migrations: MIGRATIONS,
      onTrouble,
      prepare: (database) => ({
        forgetExpired: database.prepare('DELETE FROM stop_requests WHERE requested_at_ms <= ?'),
        request: database.prepare(
          `INSERT INTO stop_requests VALUES (?, ?, ?)
           ON CONFLICT (session_key) DO UPDATE
             SET update_id = excluded.update_id, requested_at_ms = excluded.requested_at_ms
             WHERE excluded.update_id >= update_id`,
        ),
        find: database.prepare(
          'SELECT 1 FROM stop_requests WHERE session_key = ? AND update_id > ? AND requested_at_ms > ?',
        ),
      }),
    });
  }

  /**
   * Deletes what has expired first: a request of last week must not stand in the way of one with a lower id, for after a quiet
   * week Telegram draws update ids anew (https://core.telegram.org/bots/api#update).
   */
  async request(sessionKey: string, updateId: number): Promise<void> {
    const nowMs = this.#now();
    this.#file.use(({ forgetExpired, request }) => {
      forgetExpired.run(nowMs - REQUEST_LIFE_MS);
      request.run(sessionKey, updateId, nowMs);
    });
  }

  async isStopped(sessionKey: string, updateId: number): Promise<boolean> {
    const sinceMs = this.#now() - REQUEST_LIFE_MS;
    return this.#file.use(({ find }) => find.get(sessionKey, updateId, sinceMs)) !== undefined;
  }

  close(): void {
    this.#file.close();
  }
}

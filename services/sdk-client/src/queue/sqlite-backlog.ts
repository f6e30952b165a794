import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { groupOf, type Turn } from '@omnicloud/protocol';
import { openSqliteFile } from '@omnicloud/session-table';
import { BacklogUnavailableError } from '../errors.ts';
import { type Backlog, BACKLOG_LIFE_MS, type BacklogEntry, MAX_BACKLOG } from './backlog.ts';
import { readBacklog } from './read-backlog.ts';

const FILE_NAME = 'backlog.db';
const MIGRATIONS = [
  `CREATE TABLE entries (
     position INTEGER PRIMARY KEY,
     group_key TEXT NOT NULL,
     update_id INTEGER NOT NULL,
     turn_json TEXT NOT NULL,
     behind INTEGER NOT NULL,
     added_at_ms INTEGER NOT NULL,
     UNIQUE (group_key, update_id)
   ) STRICT`,
];

export interface SqliteBacklogOptions {
  /** Where `backlog.db` lies; created when missing. */
  readonly directory: string;
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  readonly now?: () => number;
}

/** The backlog in a SQLite file, which several processes may share. Throws BacklogUnavailableError. */
export class SqliteBacklog implements Backlog {
  readonly #now: () => number;
  readonly #database: DatabaseSync;
  readonly #add: StatementSync;
  readonly #list: StatementSync;
  readonly #remove: StatementSync;
  readonly #forget: StatementSync;

  /** @throws NewerSchemaError when a newer release wrote the file; SQLite's own error when it cannot be opened. */
  constructor({ directory, now = Date.now }: SqliteBacklogOptions) {
    this.#now = now;
    this.#database = openSqliteFile(join(directory, FILE_NAME), MIGRATIONS);
    this.#add = this.#database.prepare(
      `INSERT INTO entries (group_key, update_id, turn_json, behind, added_at_ms)
       SELECT :group, :updateId, iif(count(*) < ${MAX_BACKLOG}, :turn, ''), count(*), :nowMs FROM entries
       WHERE group_key = :group AND added_at_ms > :oldestMs
       ON CONFLICT (group_key, update_id) DO NOTHING`,
    );
    this.#list = this.#database.prepare(
      `SELECT update_id, turn_json, behind FROM entries
       WHERE group_key = ? AND added_at_ms > ? ORDER BY position`,
    );
    this.#remove = this.#database.prepare('DELETE FROM entries WHERE group_key = ? AND update_id = ?');
    this.#forget = this.#database.prepare('DELETE FROM entries WHERE added_at_ms <= ?');
  }

  async add(turn: Turn): Promise<void> {
    const nowMs = this.#now();
    const oldestMs = nowMs - BACKLOG_LIFE_MS;
    using((): void => {
      this.#forget.run(oldestMs);
      this.#add.run({
        group: groupOf(turn),
        updateId: turn.update_id,
        turn: JSON.stringify(turn),
        nowMs,
        oldestMs,
      });
    });
  }

  async list(group: string): Promise<BacklogEntry[]> {
    const rows = using(() => this.#list.all(group, this.#now() - BACKLOG_LIFE_MS));
    return readBacklog(
      rows.map((row) => ({
        updateId: Number(row.update_id),
        turnJson: String(row.turn_json),
        behind: Number(row.behind),
      })),
    );
  }

  async remove(group: string, updateIds: readonly number[]): Promise<void> {
    using((): void => {
      for (const updateId of updateIds) this.#remove.run(group, updateId);
    });
  }

  close(): void {
    this.#database.close();
  }
}

function using<Result>(use: () => Result): Result {
  try {
    return use();
  } catch (cause) {
    throw new BacklogUnavailableError('The view of what waits could not be used', { cause });
  }
}

import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import { groupOf, type Turn } from '@omnicloud/protocol';
import { DispensableFile } from '@omnicloud/storage';
import { BacklogUnavailableError } from '../../errors.ts';
import { type Backlog, BACKLOG_LIFE_MS, type BacklogEntry, MAX_BACKLOG, MAX_SEEN_BYTES } from './backlog.ts';
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
  /** Told that a damaged file was replaced, or that the file could not be opened at the start; must not throw. Nobody unless given. */
  readonly onTrouble?: (error: unknown) => void;
}

interface Statements {
  readonly add: StatementSync;
  readonly list: StatementSync;
  readonly remove: StatementSync;
  readonly forget: StatementSync;
}

/**
 * The backlog in a SQLite file, which several processes may share. It is a view, so a damaged file is replaced by an empty one. Throws
 * BacklogUnavailableError.
 */
export class SqliteBacklog implements Backlog {
  readonly #now: () => number;
  readonly #file: DispensableFile<Statements>;

  /** @throws NewerSchemaError when a newer release wrote the file. */
  constructor({ directory, now = Date.now, onTrouble = () => undefined }: SqliteBacklogOptions) {
    this.#now = now;
    this.#file = new DispensableFile({
      path: join(directory, FILE_NAME),
      migrations: MIGRATIONS,
      onTrouble,
      prepare: (database) => ({
        add: database.prepare(
          `INSERT INTO entries (group_key, update_id, turn_json, behind, added_at_ms)
           SELECT :group, :updateId,
             iif(count(*) < ${MAX_BACKLOG} AND total(length(turn_json)) + length(:turn) <= ${MAX_SEEN_BYTES}, :turn, ''),
             count(*), :nowMs
           FROM entries WHERE group_key = :group AND added_at_ms > :oldestMs
           ON CONFLICT (group_key, update_id) DO NOTHING`,
        ),
        list: database.prepare(
          `SELECT update_id, turn_json, behind FROM entries
           WHERE group_key = ? AND added_at_ms > ? ORDER BY position`,
        ),
        remove: database.prepare('DELETE FROM entries WHERE group_key = ? AND update_id = ?'),
        forget: database.prepare('DELETE FROM entries WHERE added_at_ms <= ?'),
      }),
    });
  }

  async add(turn: Turn): Promise<void> {
    const nowMs = this.#now();
    const oldestMs = nowMs - BACKLOG_LIFE_MS;
    const entry = { group: groupOf(turn), updateId: turn.update_id, turn: JSON.stringify(turn) };
    this.#using(({ add, forget }) => {
      forget.run(oldestMs);
      add.run({ ...entry, nowMs, oldestMs });
    });
  }

  async list(group: string): Promise<BacklogEntry[]> {
    const rows = this.#using(({ list }) => list.all(group, this.#now() - BACKLOG_LIFE_MS));
    return readBacklog(
      rows.map((row) => ({
        updateId: Number(row.update_id),
        turnJson: String(row.turn_json),
        behind: Number(row.behind),
      })),
    );
  }

  async remove(group: string, updateIds: readonly number[]): Promise<void> {
    this.#using(({ remove }) => {
      for (const updateId of updateIds) remove.run(group, updateId);
    });
  }

  close(): void {
    this.#file.close();
  }

  #using<Result>(use: (statements: Statements) => Result): Result {
    try {
      return this.#file.use(use);
    } catch (cause) {
      throw new BacklogUnavailableError('The view of what waits could not be used', { cause });
    }
  }
}

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { asFileError } from './sqlite-file-error.ts';

/** How long a statement waits for another process's write lock before it fails with `file_busy`. */
const BUSY_TIMEOUT_MS = 5_000;

/** The file was written by a newer release of this program, whose rows this one would misread. */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError';
  readonly code = 'newer_schema';
  readonly retryable = false;

  constructor(path: string, found: number, known: number) {
    super(
      `${path} has schema version ${found}, this release knows versions up to ${known}: use a newer release`,
    );
  }
}

/** A database that says of each failure whether the same call may succeed later: SQLite's errors are thrown as SqliteFileError. */
class SqliteFile extends DatabaseSync {
  override exec(sql: string): void {
    asFileError(() => super.exec(sql));
  }

  override prepare(sql: string): StatementSync {
    const statement = asFileError(() => super.prepare(sql));
    for (const name of ['run', 'get', 'all'] as const) {
      const call = statement[name].bind(statement) as (...values: unknown[]) => unknown;
      const value = (...values: unknown[]): unknown => asFileError(() => call(...values));
      Object.defineProperty(statement, name, { value });
    }
    return statement;
  }
}

/**
 * Opens a SQLite file for use by several processes at once; its directory is created when missing, readable by
 * its owner alone. A write is on disk once its statement returns: WAL alone would lose the last ones in a power cut.
 * @param migrations each brings the schema from the version that is its index to the next one.
 * @returns the database; it and its statements throw SqliteFileError. Waiting for another process's lock blocks this process.
 * @throws NewerSchemaError when the file's `user_version` is higher than the number of migrations; SqliteFileError.
 */
export function openSqliteFile(path: string, migrations: readonly string[]): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = asFileError(() => new SqliteFile(path, { timeout: BUSY_TIMEOUT_MS }));
  try {
    refuseNewerSchema(database, path, migrations.length);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    migrate(database, path, migrations);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The version is read under the write lock, so that of two processes that open a new file only one creates the tables. */
function migrate(database: DatabaseSync, path: string, migrations: readonly string[]): void {
  // The write lock may be held for long by a process that is frozen; with nothing to migrate it is not needed.
  if (refuseNewerSchema(database, path, migrations.length) === migrations.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = refuseNewerSchema(database, path, migrations.length);
    for (const migration of migrations.slice(version)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function refuseNewerSchema(database: DatabaseSync, path: string, known: number): number {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (version > known) throw new NewerSchemaError(path, version, known);
  return version;
}

import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { checkBeforeOpening, checkContent } from './check-sqlite-file.ts';
import { asFileError } from './sqlite-file-error.ts';
import { NewerSchemaError, openErrorOf } from './sqlite-open-error.ts';

/** How long a statement waits for another process's write lock before it fails with `file_busy`. */
const BUSY_TIMEOUT_MS = 5_000;

/** A database that says of each failure whether the same call may succeed later: SQLite's errors are thrown as SqliteFileError. */
class SqliteFile extends DatabaseSync {
  readonly #path: string;

  constructor(path: string) {
    super(path, { timeout: BUSY_TIMEOUT_MS });
    this.#path = path;
  }

  override exec(sql: string): void {
    asFileError(() => super.exec(sql), this.#path);
  }

  override prepare(sql: string): StatementSync {
    const path = this.#path;
    const statement = asFileError(() => super.prepare(sql), path);
    for (const name of ['run', 'get', 'all'] as const) {
      const call = statement[name].bind(statement) as (...values: unknown[]) => unknown;
      const value = (...values: unknown[]): unknown => asFileError(() => call(...values), path);
      Object.defineProperty(statement, name, { value });
    }
    return statement;
  }
}

/**
 * Opens a SQLite file for use by several processes at once; its directory is created when missing, readable by
 * its owner alone. A write is on disk once its statement returns: WAL alone would lose the last ones in a power cut. And it is moved from
 * the log into the file itself at once, so that a log that is damaged or gone after a crash takes nothing with it.
 * Before a migration the file is copied to `<path>.v<its version>.bak`.
 * @param migrations each brings the schema from the version that is its index to the next one.
 * @param loss what is gone when the file is moved away, to follow "then", such as `every chat starts a new conversation`.
 * @returns the database; it and its statements throw SqliteFileError. Waiting for another process's lock blocks this process.
 * @throws SqliteOpenError that says what is wrong with the file and what to do, NewerSchemaError among them; the system's error when the
 *   directory cannot be made.
 */
export function openSqliteFile(
  path: string,
  migrations: readonly string[],
  loss = 'what it held is gone',
): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    if (!checkBeforeOpening(path, loss)) createFile(path, migrations);
    return openFile(path, migrations, (database) => checkContent(database, path, loss));
  } catch (error) {
    throw openErrorOf(error, path, loss);
  }
}

function openFile(
  path: string,
  migrations: readonly string[],
  check: (database: DatabaseSync) => void = () => undefined,
): DatabaseSync {
  const database = asFileError(() => new SqliteFile(path), path);
  try {
    refuseNewerSchema(database, path, migrations.length);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1;');
    check(database);
    migrate(database, path, migrations);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Made under another name and then given its own: a file that is empty was damaged, and is not one that was just begun. */
function createFile(path: string, migrations: readonly string[]): void {
  const draft = `${path}.${randomUUID()}.draft`;
  try {
    openFile(draft, migrations).close();
    giveName(draft, path);
  } finally {
    for (const part of [draft, `${draft}-wal`, `${draft}-shm`]) rmSync(part, { force: true });
  }
}

/** Of two processes that make the same file, the second uses the first one's. */
function giveName(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return;
    // A file system without links.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK') throw error;
    renameSync(draft, path);
  }
}

/** The version is read under the write lock, so that of two processes that open a new file only one creates the tables. */
function migrate(database: DatabaseSync, path: string, migrations: readonly string[]): void {
  // The write lock may be held for long by a process that is frozen; with nothing to migrate it is not needed.
  const found = refuseNewerSchema(database, path, migrations.length);
  if (found === migrations.length) return;
  copyBeforeMigration(database, path, found);
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

/** `VACUUM INTO` copies what is committed, the log included, while others may go on (https://sqlite.org/lang_vacuum.html#vacuuminto). */
function copyBeforeMigration(database: DatabaseSync, path: string, version: number): void {
  const isEmpty = database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (isEmpty) return;
  const draft = `${path}.${randomUUID()}.draft`;
  try {
    database.prepare('VACUUM INTO ?').run(draft);
    renameSync(draft, `${path}.v${version}.bak`);
  } finally {
    rmSync(draft, { force: true });
  }
}

function refuseNewerSchema(database: DatabaseSync, path: string, known: number): number {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (version > known) throw new NewerSchemaError(path, version, known);
  return version;
}

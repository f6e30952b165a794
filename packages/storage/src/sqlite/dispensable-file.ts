// a SQLite file that decides nothing: opened when it can be, replaced when it is damaged
import { existsSync, renameSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { openSqliteFile } from './sqlite-file.ts';
import { SqliteFileError } from './sqlite-file-error.ts';
import { NewerSchemaError, SqliteOpenError } from './sqlite-open-error.ts';

/** How soon a file that could not be opened is tried again. In ms. */
const REOPEN_AFTER_MS = 5_000;
/** CORRUPT and NOTADB, https://sqlite.org/rescode.html: what the file holds can be read no more. */
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);
const PRIMARY_CODE_MASK = 0xff;

export interface DispensableFileOptions<Statements> {
  readonly path: string;
  readonly migrations: readonly string[];
  readonly prepare: (database: DatabaseSync) => Statements;
  /** Told that a damaged file was put aside, or could not be opened at the start; must not throw. */
  readonly onTrouble: (error: unknown) => void;
}

/**
 * A SQLite file without which everything else goes on. One that cannot be opened is tried again while it is used; a damaged one is kept
 * beside the new one that takes its place, as `<name>.damaged`.
 */
export class DispensableFile<Statements> {
  readonly #options: DispensableFileOptions<Statements>;
  #open: { readonly database: DatabaseSync; readonly statements: Statements } | undefined;
  #failed: { readonly error: unknown; readonly atMs: number } | undefined;
  #isClosed = false;

  /** @throws NewerSchemaError when a newer release wrote the file; any other failure is reported. */
  constructor(options: DispensableFileOptions<Statements>) {
    this.#options = options;
    try {
      this.#opened();
    } catch (error) {
      if (!isOfTheFile(error)) throw error;
      options.onTrouble(error);
    }
  }

  /** @throws SqliteFileError or SqliteOpenError when the file cannot be used now. */
  use<Result>(call: (statements: Statements) => Result): Result {
    try {
      return call(this.#opened());
    } catch (error) {
      if (!isDamage(error) || this.#isClosed) throw error;
      this.#putAside(error);
      return call(this.#opened());
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#open?.database.close();
    this.#open = undefined;
  }

  #opened(): Statements {
    if (this.#isClosed) throw new Error(`${this.#options.path} is closed`);
    if (this.#open) return this.#open.statements;
    // A clock that nobody sets: a try costs time, and every message makes one.
    if (this.#failed && performance.now() - this.#failed.atMs < REOPEN_AFTER_MS) throw this.#failed.error;
    try {
      this.#open = this.#openNow();
      this.#failed = undefined;
      return this.#open.statements;
    } catch (error) {
      if (isOfTheFile(error)) this.#failed = { error, atMs: performance.now() };
      throw error;
    }
  }

  #openNow(): { database: DatabaseSync; statements: Statements } {
    try {
      return this.#openFile();
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#putAside(error);
      return this.#openFile();
    }
  }

  #openFile(): { database: DatabaseSync; statements: Statements } {
    const { path, migrations, prepare } = this.#options;
    const database = openSqliteFile(path, migrations);
    try {
      return { database, statements: prepare(database) };
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Its log goes away with it: in another file it would be foreign. */
  #putAside(error: unknown): void {
    const { path, onTrouble } = this.#options;
    this.#open?.database.close();
    this.#open = undefined;
    for (const log of ['-wal', '-shm']) rmSync(`${path}${log}`, { force: true });
    // A log without its file is damage, too.
    if (existsSync(path)) renameSync(path, `${path}.damaged`);
    onTrouble(new DamagedFileError(path, { cause: error }));
  }
}

/** The file was damaged and is replaced by an empty one. */
class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError';
  readonly code = 'file_damaged';
  readonly retryable = false;

  constructor(path: string, options: ErrorOptions) {
    super(`${path} was damaged: it is kept as ${path}.damaged, and an empty one takes its place`, options);
  }
}

/** A newer release's file is in order: this release must not go on without it. */
function isOfTheFile(error: unknown): boolean {
  if (error instanceof NewerSchemaError) return false;
  return error instanceof SqliteFileError || error instanceof SqliteOpenError;
}

function isDamage(error: unknown): boolean {
  if (error instanceof SqliteOpenError) return error.code === 'file_damaged' || error.code === 'log_damaged';
  if (!(error instanceof SqliteFileError)) return false;
  const { cause } = error;
  const code = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) : NaN;
  return DAMAGED.has(code & PRIMARY_CODE_MASK);
}

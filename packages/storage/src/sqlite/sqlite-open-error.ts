import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { SqliteFileError } from './sqlite-file-error.ts';

export type SqliteOpenErrorCode =
  | 'file_damaged'
  | 'log_damaged'
  | 'newer_schema'
  | 'file_not_writable'
  | 'disk_full'
  | 'file_busy'
  | 'file_unavailable';

const PASSING: ReadonlySet<SqliteOpenErrorCode> = new Set(['disk_full', 'file_busy', 'file_unavailable']);

/** A database file cannot be opened. The message is for people: one sentence about the file by its path, one about the cure. */
export class SqliteOpenError extends Error {
  override readonly name: string = 'SqliteOpenError';
  readonly code: SqliteOpenErrorCode;
  /** Whether the file may be opened later without anybody doing anything to it. */
  readonly retryable: boolean;
  readonly path: string;

  constructor(
    code: SqliteOpenErrorCode,
    path: string,
    { message, ...options }: ErrorOptions & { readonly message: string },
  ) {
    super(message, options);
    this.code = code;
    this.retryable = PASSING.has(code);
    this.path = path;
  }
}

/** The file was written by a newer release of this program, whose rows this one would misread. */
export class NewerSchemaError extends SqliteOpenError {
  override readonly name = 'NewerSchemaError';

  constructor(path: string, found: number, known: number) {
    super('newer_schema', path, {
      message:
        `${path} has schema version ${found}, this release knows versions up to ${known}: use a newer release, ` +
        `or put back the copy that the newer release made before it changed the file (${path}.v${known}.bak).`,
    });
  }
}

/** Below this, SQLite has no room for its shared memory and a first page. In bytes. */
const NO_ROOM_BYTES = 1024 * 1024;
/** SQLite's primary result codes (https://sqlite.org/rescode.html). */
const BUSY = new Set([5, 6, 15]);
const READ_ONLY = new Set([3, 8, 23]);
const IO_ERROR = new Set([10, 14]);
const FULL = 13;
const DAMAGED = new Set([11, 26]);
const PRIMARY_CODE_MASK = 0xff;

/**
 * @param loss what is gone when the file is moved away, to follow "then", such as `every chat starts a new conversation`.
 * @returns the error that says what is wrong with the file and what helps; the given one when it is neither SQLite's nor the system's.
 */
export function openErrorOf(error: unknown, path: string, loss: string): unknown {
  if (error instanceof SqliteOpenError) return error;
  const code = codeOf(error, path);
  return code === undefined
    ? error
    : new SqliteOpenError(code, path, {
        message: adviceFor(code, { path, loss, cause: error }),
        cause: error,
      });
}

/** @returns a message for people when an error is about a database file, also one that is met after the file was opened. */
export function sqliteAdvice(error: unknown): string | undefined {
  if (error instanceof SqliteOpenError) return error.message;
  if (!(error instanceof SqliteFileError) || error.path === undefined) return undefined;
  const explained = openErrorOf(error, error.path, 'its content is lost');
  return explained instanceof SqliteOpenError ? explained.message : undefined;
}

/** @returns the sentence for a file whose content cannot be trusted. */
export function damageAdvice(path: string, what: string, loss: string): string {
  return (
    `${path} ${what}. Put back a copy of the file if you have one (without ${path}-wal and ${path}-shm), ` +
    `or move these files away and start again: then ${loss}.`
  );
}

function adviceFor(
  code: SqliteOpenErrorCode,
  { path, loss, cause }: { readonly path: string; readonly loss: string; readonly cause: unknown },
): string {
  const said = cause instanceof Error ? cause.message : String(cause);
  switch (code) {
    case 'file_damaged':
      return `${damageAdvice(path, 'is damaged or is not a database', loss)} (${said})`;
    case 'disk_full':
      return `The disk is full, so ${path} cannot be opened. Free some space on it and start again; nothing is lost. (${said})`;
    case 'file_not_writable':
      return `${path} cannot be written. Give this user the right to write the file and its folder, or set DATA_DIR to another folder. (${said})`;
    case 'file_busy':
      return `${path} is in use by another program that does not let go of it. End that program and start again. (${said})`;
    default:
      return `${path} cannot be opened. Check that its folder is there and readable, or set DATA_DIR to another folder. (${said})`;
  }
}

function codeOf(error: unknown, path: string): SqliteOpenErrorCode | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'disk_full';
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'file_not_writable';
  if (!(error instanceof SqliteFileError)) return undefined;
  const primary = error.errcode & PRIMARY_CODE_MASK;
  if (DAMAGED.has(primary)) return 'file_damaged';
  if (READ_ONLY.has(primary)) return 'file_not_writable';
  if (BUSY.has(primary)) return 'file_busy';
  if (primary === FULL || (IO_ERROR.has(primary) && isFull(path))) return 'disk_full';
  return IO_ERROR.has(primary) ? 'file_unavailable' : undefined;
}

/** SQLite calls a disk without room for its shared memory an input/output error. */
function isFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < NO_ROOM_BYTES;
  } catch {
    // A folder that cannot be looked at says nothing of its disk; SQLite's own error is told then.
    return false;
  }
}

type SqliteFileErrorCode = 'file_busy' | 'file_unavailable' | 'file_refused';

/**
 * SQLite's primary result codes that may be gone at the next try (https://sqlite.org/rescode.html): BUSY, LOCKED and PROTOCOL are
 * another process's locks; NOMEM, IOERR, FULL and CANTOPEN are the machine's state.
 */
const PASSING: ReadonlyMap<number, SqliteFileErrorCode> = new Map([
  [5, 'file_busy'],
  [6, 'file_busy'],
  [15, 'file_busy'],
  [7, 'file_unavailable'],
  [10, 'file_unavailable'],
  [13, 'file_unavailable'],
  [14, 'file_unavailable'],
]);
/** An extended result code carries its primary one in the lowest byte. */
const PRIMARY_CODE_MASK = 0xff;

/** The file could not be used; SQLite's own error is the cause. What the failed statement was to change is unchanged. */
export class SqliteFileError extends Error {
  override readonly name = 'SqliteFileError';
  readonly code: SqliteFileErrorCode;
  /** Whether the same call may succeed later: yes, unless the file `refused` it (damaged, read-only, not allowed by its schema). */
  readonly retryable: boolean;
  /** SQLite's extended result code. */
  readonly errcode: number;
  readonly path: string | undefined;

  constructor(errcode: number, cause: Error, path?: string) {
    super(`${path ?? 'The SQLite file'} could not be used: ${cause.message}`, { cause });
    this.errcode = errcode;
    this.path = path;
    this.code = PASSING.get(errcode & PRIMARY_CODE_MASK) ?? 'file_refused';
    this.retryable = this.code !== 'file_refused';
  }
}

/** @throws SqliteFileError for SQLite's errors, any other error as it is: a closed database is a mistake of ours. */
export function asFileError<Result>(use: () => Result, path?: string): Result {
  try {
    return use();
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && typeof error.errcode === 'number') {
      throw new SqliteFileError(error.errcode, error, path);
    }
    throw error;
  }
}

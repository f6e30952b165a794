import { type WireError, wireError, type WireErrorCode } from '@omnicloud/protocol';
import { DynamoTableError, SqliteFileError } from '@omnicloud/storage';

/** Every error that tier 2 throws on purpose. It crosses the wire as it is, so its message is written for people. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: WireErrorCode;
  readonly details: WireError['details'];
  /** The model refused what it was sent, not who sent it: the same conversation would be refused again. */
  readonly isContentRefused: boolean;

  constructor(
    code: WireErrorCode,
    message: string,
    {
      details,
      isContentRefused = false,
      ...options
    }: ErrorOptions & { details?: WireError['details']; isContentRefused?: boolean } = {},
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
    this.isContentRefused = isContentRefused;
  }

  get retryable(): boolean {
    return this.toWire().retryable;
  }

  toWire(): WireError {
    return wireError(this.code, this.message, this.details);
  }
}

/** SQLITE_FULL (https://sqlite.org/rescode.html#full). */
const SQLITE_FULL = 13;

function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, errcode } = error as NodeJS.ErrnoException & { errcode?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT' || errcode === SQLITE_FULL;
}

/** @returns whether a table or a file of ours could not be used and may be later; see DynamoTableError and SqliteFileError. */
function isStoreAway(error: unknown): boolean {
  if (!(error instanceof DynamoTableError || error instanceof SqliteFileError)) return false;
  return error.retryable;
}

/** @returns the error itself when it is ours, `disk_full` when the disk is, `store_unavailable` when a store is away, else `internal` with a message that gives nothing away and the error as its cause. */
export function toAgentError(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  if (isDiskFull(error)) {
    return new AgentError('disk_full', 'The disk of the agent server is full', { cause: error });
  }
  if (isStoreAway(error)) {
    return new AgentError('store_unavailable', 'A store of the agent server cannot be used now', {
      cause: error,
    });
  }
  return new AgentError('internal', 'The agent server failed; its log says why', { cause: error });
}

/**
 * A conditional write found another object than the one it expected; nothing was written. Whether that means a lost lease,
 * or only that somebody else was faster, is for the caller to say.
 */
export class ConditionFailedError extends Error {
  override readonly name = 'ConditionFailedError';
  readonly code = 'condition_failed';
  readonly retryable = false;

  /** @param key of the object that is not what was expected. */
  constructor(key: string, options?: ErrorOptions) {
    super(`The object ${key} is not what was expected: somebody else has written it`, options);
  }
}

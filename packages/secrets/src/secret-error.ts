/**
 * `secret_missing`: there is no such secret, or no such key in it. `secret_malformed`: it is not what its name asks for.
 * `secret_forbidden`: this program may not read it. `secret_unavailable`: the store did not answer, and may later.
 */
export type SecretErrorCode =
  'secret_missing' | 'secret_malformed' | 'secret_forbidden' | 'secret_unavailable';

/** A secret could not be had. It names the secret and never carries a value: decide on `code` and `retryable`. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
  readonly code: SecretErrorCode;
  readonly retryable: boolean;

  constructor(
    code: SecretErrorCode,
    secretName: string,
    { problem, ...options }: ErrorOptions & { readonly problem: string },
  ) {
    super(`The secret ${secretName} ${problem}`, options);
    this.code = code;
    this.retryable = code === 'secret_unavailable';
  }
}

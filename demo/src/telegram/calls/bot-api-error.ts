const PREFIXES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  409: 'Conflict',
};

/** A call that the Bot API refuses. `message` is the bare reason, which may be empty, without the prefix of its status on the wire. */
export class BotApiError extends Error {
  override readonly name = 'BotApiError';
  /** Both the HTTP status and the `error_code` of the body. */
  readonly errorCode: 400 | 401 | 404 | 409 | 413;

  constructor(errorCode: BotApiError['errorCode'], reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.errorCode = errorCode;
  }

  /** @returns the JSON body of the answer. */
  toBody(): { ok: false; error_code: number; description: string } {
    const description = [PREFIXES[this.errorCode], this.message].filter(Boolean).join(': ');
    return { ok: false, error_code: this.errorCode, description };
  }
}

/** @returns the 400 whose description is `Bad Request: {reason}`. */
export function badRequest(reason: string, options?: ErrorOptions): BotApiError {
  return new BotApiError(400, reason, options);
}

/** What keeps a command from going on, and what whoever runs it can do about it. It never carries a secret. */
export type OperateErrorCode =
  | 'bad_arguments'
  | 'settings_missing'
  | 'prerequisite_missing'
  | 'not_deployed'
  | 'not_confirmed'
  | 'command_failed'
  | 'telegram_refused'
  | 'bot_unknown'
  | 'aws_refused';

export class OperateError extends Error {
  override readonly name = 'OperateError';
  readonly code: OperateErrorCode;
  readonly retryable = false;
  /** What to do, as a whole sentence or a command. */
  readonly cure: string | undefined;

  constructor(
    code: OperateErrorCode,
    message: string,
    { cure, ...options }: ErrorOptions & { readonly cure?: string | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.cure = cure;
  }
}

/** @returns one line; AWS's errors say in their name what their message leaves out, a refused connection only in its code. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'no reason given';
  return `${error.name}: ${error.message || code}`.replaceAll(/\s+/g, ' ');
}

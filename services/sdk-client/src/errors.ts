import type { WireError, WireErrorCode } from '@omnicloud/protocol';

interface ClientErrorOptions extends ErrorOptions {
  retryable: boolean;
}

/** Every error that tier 1 throws on purpose: decide on `code` and `retryable`, never on the message. */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, { retryable, ...options }: ClientErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryable = retryable;
  }
}

/** The queue did not take the turn. */
export class QueueUnavailableError extends ClientError {
  override readonly name = 'QueueUnavailableError';

  constructor(message: string, options?: ErrorOptions) {
    super('queue_unavailable', message, { ...options, retryable: true });
  }
}

/** What waits could not be seen or noted. */
export class BacklogUnavailableError extends ClientError {
  override readonly name = 'BacklogUnavailableError';

  constructor(message: string, options?: ErrorOptions) {
    super('backlog_unavailable', message, { ...options, retryable: true });
  }
}

/** The agent server gave no answer: it is down, the connection broke, or its stream broke off. */
export class AgentUnreachableError extends ClientError {
  override readonly name = 'AgentUnreachableError';
  /** No answer had begun, so the server itself is away; otherwise it may be this one request that fails. */
  readonly isAway: boolean;

  constructor(message: string, { isAway = false, ...options }: ErrorOptions & { isAway?: boolean } = {}) {
    super('agent_unreachable', message, { ...options, retryable: true });
    this.isAway = isAway;
  }
}

/** What was asked for cannot be had before an outage ends. */
export class OutageError extends ClientError {
  override readonly name = 'OutageError';
  readonly outage: {
    readonly code: WireErrorCode | 'telegram_unavailable';
    readonly details?: WireError['details'];
  };

  constructor(message: string, outage: OutageError['outage'], options?: ErrorOptions) {
    super(outage.code, message, { ...options, retryable: true });
    this.outage = outage;
  }
}

/** Another delivery of the same turn has gone on with it: this one must not write to the chat any more. */
export class TurnTakenOverError extends ClientError {
  override readonly name = 'TurnTakenOverError';

  constructor(updateId: number) {
    super('turn_taken_over', `Another delivery of update ${updateId} has gone on with it`, {
      retryable: true,
    });
  }
}

/** A step was to be taken that the state of the turn does not allow: a mistake of the program. */
export class TurnStateError extends ClientError {
  override readonly name = 'TurnStateError';

  constructor(state: string, allowed: readonly string[]) {
    super('turn_state', `A turn that is ${state} cannot take a step of one that is ${allowed.join(' or ')}`, {
      retryable: false,
    });
  }
}

/** A turn has an answer, and became a dead letter before all of it was delivered. */
export class AnswerUndeliveredError extends ClientError {
  override readonly name = 'AnswerUndeliveredError';

  constructor(updateId: number) {
    super('answer_undelivered', `The answer to update ${updateId} could not be delivered in the last try`, {
      retryable: false,
    });
  }
}

type TelegramErrorCode =
  'telegram_refused' | 'telegram_throttled' | 'telegram_failed' | 'telegram_unreachable';

/**
 * A Bot API call failed: `refused` will not succeed as it is, though the chat may take it at another time; `throttled` will after
 * `retryAfterMs`; `failed` was answered with an error of the server's own, `unreachable` was not answered, and both may have landed.
 */
export class TelegramError extends ClientError {
  override readonly name = 'TelegramError';
  declare readonly code: TelegramErrorCode;
  readonly retryAfterMs: number | undefined;
  /** Telegram's `error_code`; undefined when it did not answer. */
  readonly status: number | undefined;
  /** The group has become the supergroup with this id. */
  readonly migratedTo: string | undefined;

  constructor(
    code: TelegramErrorCode,
    message: string,
    options: ErrorOptions & { retryAfterMs?: number; status?: number; migratedTo?: string } = {},
  ) {
    super(code, message, { ...options, retryable: code !== 'telegram_refused' });
    this.retryAfterMs = options.retryAfterMs;
    this.status = options.status;
    this.migratedTo = options.migratedTo;
  }

  /** Whether nobody knows if the call took effect. */
  get mayHaveLanded(): boolean {
    return this.code === 'telegram_failed' || this.code === 'telegram_unreachable';
  }
}

/** What may be told of a failed network call whose own error could give a secret away. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  /** The system's or the HTTP client's code, e.g. `ECONNREFUSED`; undefined when there was none. */
  readonly code: string | undefined;

  /** @param kind the name of the error that it stands for, e.g. `TypeError`. */
  constructor(kind: string, code: string | undefined) {
    super(`The network call failed with ${kind}`);
    this.code = code;
  }
}

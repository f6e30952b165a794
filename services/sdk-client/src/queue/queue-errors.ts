import { ClientError } from '../errors.ts';

/** What lies in the queue is no turn (any more): it goes to the dead letters unhandled, whatever its tries. */
export class UnreadableTurnError extends ClientError {
  override readonly name = 'UnreadableTurnError';

  constructor(updateId: number, options?: ErrorOptions) {
    super('unreadable_turn', `What is queued for update ${updateId} is not a turn`, {
      ...options,
      retryable: false,
    });
  }
}

/** A delivery outlived its visibility and was given out again, so that its outcome no longer counts. */
export class ClaimLostError extends ClientError {
  override readonly name = 'ClaimLostError';

  constructor(updateId: number, attempt: number, options?: ErrorOptions) {
    super('claim_lost', `Try ${attempt} of update ${updateId} ended after the turn was given out again`, {
      ...options,
      retryable: false,
    });
  }
}

import type { Turn } from '@omnicloud/protocol';
import { TurnTakenOverError } from '../errors.ts';
import { MAX_TRIES, type Outcome, type TurnHandler } from './turn-queue.ts';

/** How often `giveUp` is called before the turn becomes a dead letter although the user could not be told. */
export const MAX_GIVE_UP_TRIES = 5;
/**
 * How many deliveries giving up may take in all. A delivery whose worker died, or that nobody received, told the user nothing: only one that ends
 * every worker must not go on for ever.
 */
export const MAX_GIVE_UP_DELIVERIES = 15;
/**
 * How often a turn may be put off without that counting as a try. A queue with a delivery limit of its own needs one above this,
 * `MAX_TRIES` and `MAX_GIVE_UP_DELIVERIES` together.
 */
export const MAX_DEFERRALS = 60;

/**
 * What the queue does with a turn after a try. `taken`: another delivery of it has gone on with it, so a queue that cannot tell the two apart
 * must do nothing.
 */
export type Verdict =
  { kind: 'done' } | { kind: 'dead' } | { kind: 'taken' } | { kind: 'again'; afterMs: number };

export interface RetryPolicy {
  /** How long to wait after the given failed try (from 1; those of `giveUp` are counted from 1 again), in ms. */
  readonly retryDelayMs: (attempt: number) => number;
  /** Hears of every error that the queue goes on after; must not throw. The turn is missing when the error concerns none. */
  readonly onError: (error: unknown, turn: Turn | undefined) => void;
}

/**
 * Makes one try. Deliveries that were put off are none, and are told from the others by the handler, because a queue may only
 * know how often it gave a turn out. The tries after `MAX_TRIES` are those of giving up, so that the delivery count alone tells what is to
 * be done, even if a crash cut the earlier ones off.
 * @param delivery how often the turn was given out, this time included
 */
export async function tryTurn(
  handler: TurnHandler,
  turn: Turn,
  delivery: number,
  policy: RetryPolicy,
): Promise<Verdict> {
  const attempt = await attemptOf(handler, turn, delivery, policy);
  if (attempt === undefined) return { kind: 'again', afterMs: policy.retryDelayMs(1) };
  if (attempt > MAX_TRIES) return giveUp(handler, turn, attempt - MAX_TRIES, policy);
  const outcome = await handle(handler, turn, attempt, policy);
  if (outcome.kind === 'done' || outcome.kind === 'taken') return outcome;
  if (outcome.kind === 'later') return { kind: 'again', afterMs: outcome.afterMs };
  if (attempt === MAX_TRIES) return { kind: 'again', afterMs: 0 };
  return { kind: 'again', afterMs: outcome.afterMs ?? policy.retryDelayMs(attempt) };
}

/** @returns undefined when it cannot be told now. */
async function attemptOf(
  handler: TurnHandler,
  turn: Turn,
  delivery: number,
  policy: RetryPolicy,
): Promise<number | undefined> {
  if (delivery <= 1) return 1;
  try {
    return Math.max(1, delivery - ((await handler.deferrals?.(turn)) ?? 0));
  } catch (error) {
    policy.onError(error, turn);
    // A ledger that fails for ever must not keep the turn for ever.
    return delivery > MAX_TRIES + MAX_GIVE_UP_DELIVERIES + MAX_DEFERRALS ? Infinity : undefined;
  }
}

async function handle(
  handler: TurnHandler,
  turn: Turn,
  attempt: number,
  policy: RetryPolicy,
): Promise<Outcome | { kind: 'taken' }> {
  try {
    return await handler.handle(turn, attempt);
  } catch (error) {
    policy.onError(error, turn);
    return error instanceof TurnTakenOverError ? { kind: 'taken' } : { kind: 'retry' };
  }
}

async function giveUp(
  handler: TurnHandler,
  turn: Turn,
  giveUpTry: number,
  policy: RetryPolicy,
): Promise<Verdict> {
  if (giveUpTry > MAX_GIVE_UP_DELIVERIES) return { kind: 'dead' };
  try {
    await handler.giveUp(turn);
    return { kind: 'dead' };
  } catch (error) {
    policy.onError(error, turn);
    if (error instanceof TurnTakenOverError) return { kind: 'taken' };
    if (giveUpTry >= MAX_GIVE_UP_TRIES) return { kind: 'dead' };
    return { kind: 'again', afterMs: policy.retryDelayMs(giveUpTry) };
  }
}

import type { Turn } from '@omnicloud/protocol';
import { AnswerUndeliveredError, TurnTakenOverError } from '../errors.ts';
import { isStoreOutage, LONGEST_PAUSE_MS, MAX_OUTAGE_WAITS } from './outage.ts';
import { MAX_TRIES, type Outcome, type TurnHandler } from './turn-queue.ts';

/** How often `giveUp` is called before the turn becomes a dead letter although the user could not be told. */
export const MAX_GIVE_UP_TRIES = 5;
/**
 * How many deliveries giving up may take in all. A delivery whose worker died, or that nobody received, told the user nothing: only one that ends
 * every worker must not go on for ever.
 */
export const MAX_GIVE_UP_DELIVERIES = 15;
/** How often a turn may be put off without that counting as a try; waits for the end of an outage are counted for themselves. */
export const MAX_DEFERRALS = 60;
/**
 * How often a turn is given out at all, whatever came of it: what can never be written down must not come for ever. Then its user is told, in up to
 * `MAX_GIVE_UP_TRIES` deliveries more. A queue with a delivery limit of its own needs one above both.
 */
export const MAX_DELIVERIES = MAX_TRIES + MAX_GIVE_UP_DELIVERIES + MAX_DEFERRALS + MAX_OUTAGE_WAITS;
/** In this delivery of a turn of which nothing can be written down, its user is told that it waits: after some seconds. No other record is needed. */
const TELLING_DELIVERY = 3;

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
  /** As in `TurnHandler.handle`. */
  readonly receipt?: string;
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
  // When nothing can be written down, only this grows.
  const afterOutage: Verdict = {
    kind: 'again',
    afterMs: Math.min(policy.retryDelayMs(delivery), LONGEST_PAUSE_MS),
  };
  if (delivery > MAX_DELIVERIES)
    return (await giveUpAtLast(handler, turn, { delivery, policy })) ?? afterOutage;
  const attempt = await attemptOf(handler, turn, { delivery, policy });
  if (attempt === undefined) {
    if (delivery === TELLING_DELIVERY) await sayItWaits(handler, turn, policy);
    return afterOutage;
  }
  if (attempt > MAX_TRIES)
    return (await giveUp(handler, turn, { giveUpTry: attempt - MAX_TRIES, policy })) ?? afterOutage;
  const outcome = await handle(handler, turn, { attempt, policy });
  if (outcome === undefined) return afterOutage;
  if (outcome.kind === 'done' || outcome.kind === 'taken') return outcome;
  if (outcome.kind === 'later') return { kind: 'again', afterMs: outcome.afterMs };
  if (attempt === MAX_TRIES) return { kind: 'again', afterMs: 0 };
  return { kind: 'again', afterMs: outcome.afterMs ?? policy.retryDelayMs(attempt) };
}

/** @returns undefined when it cannot be told now. */
async function attemptOf(
  handler: TurnHandler,
  turn: Turn,
  { delivery, policy }: { readonly delivery: number; readonly policy: RetryPolicy },
): Promise<number | undefined> {
  if (delivery <= 1) return 1;
  try {
    return Math.max(1, delivery - ((await handler.deferrals?.(turn, delivery)) ?? 0));
  } catch (error) {
    policy.onError(error, turn);
    return undefined;
  }
}

/** @returns undefined when a store was away, so that the delivery may not have been written down. */
async function handle(
  handler: TurnHandler,
  turn: Turn,
  { attempt, policy }: { readonly attempt: number; readonly policy: RetryPolicy },
): Promise<Outcome | { kind: 'taken' } | undefined> {
  try {
    return await handler.handle(turn, attempt, policy.receipt);
  } catch (error) {
    policy.onError(error, turn);
    if (error instanceof TurnTakenOverError) return { kind: 'taken' };
    return isStoreOutage(error) ? undefined : { kind: 'retry' };
  }
}

/** @returns undefined when a store was away. */
async function giveUp(
  handler: TurnHandler,
  turn: Turn,
  { giveUpTry, policy }: { readonly giveUpTry: number; readonly policy: RetryPolicy },
): Promise<Verdict | undefined> {
  if (giveUpTry > MAX_GIVE_UP_DELIVERIES) return { kind: 'dead' };
  const isLast = giveUpTry >= MAX_GIVE_UP_TRIES;
  try {
    const outcome = await handler.giveUp(turn);
    if (outcome?.kind !== 'retry') return verdictOn(outcome);
    if (isLast) return undelivered(turn, policy);
    return { kind: 'again', afterMs: outcome.afterMs ?? policy.retryDelayMs(giveUpTry) };
  } catch (error) {
    policy.onError(error, turn);
    if (error instanceof TurnTakenOverError) return { kind: 'taken' };
    if (isStoreOutage(error)) return undefined;
    return isLast ? { kind: 'dead' } : { kind: 'again', afterMs: policy.retryDelayMs(giveUpTry) };
  }
}

/** @param outcome of giving up; undefined when the user was told that there is no answer. */
function verdictOn(outcome: Exclude<Outcome, { kind: 'retry' }> | undefined): Verdict {
  if (outcome === undefined) return { kind: 'dead' };
  return outcome.kind === 'later' ? { kind: 'again', afterMs: outcome.afterMs } : outcome;
}

/** The turn has an answer, and no delivery is left for it: whoever looks after the dead letters must hear of that. */
function undelivered(turn: Turn, policy: RetryPolicy): Verdict {
  policy.onError(new AnswerUndeliveredError(turn.update_id), turn);
  return { kind: 'dead' };
}

/**
 * Ends a turn that was given out as often as any may be: mostly because nothing could be written down for about a day.
 * @returns undefined when the user could not be told, and may be later.
 */
async function giveUpAtLast(
  handler: TurnHandler,
  turn: Turn,
  { delivery, policy }: { readonly delivery: number; readonly policy: RetryPolicy },
): Promise<Verdict | undefined> {
  const isLast = delivery >= MAX_DELIVERIES + MAX_GIVE_UP_TRIES;
  if (delivery > MAX_DELIVERIES + MAX_GIVE_UP_TRIES) return { kind: 'dead' };
  try {
    const outcome = await handler.giveUp(turn);
    if (outcome === undefined || outcome.kind === 'done') return verdictOn(outcome);
    if (isLast) return undelivered(turn, policy);
    return outcome.kind === 'later' ? verdictOn(outcome) : undefined;
  } catch (error) {
    policy.onError(error, turn);
    if (error instanceof TurnTakenOverError) return { kind: 'taken' };
  }
  try {
    await handler.sayUnnoted?.(turn, 'given_up');
    return { kind: 'dead' };
  } catch (error) {
    policy.onError(error, turn);
    return isLast ? { kind: 'dead' } : undefined;
  }
}

/** That it could not be said changes nothing. */
async function sayItWaits(handler: TurnHandler, turn: Turn, policy: RetryPolicy): Promise<void> {
  try {
    await handler.sayUnnoted?.(turn, 'waits');
  } catch (error) {
    policy.onError(error, turn);
  }
}

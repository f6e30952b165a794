import type { Turn } from '@omnicloud/protocol';
import type { WaitingLine } from './waiting-line.ts';

/** How often a turn is tried before it becomes a dead letter. */
export const MAX_TRIES = 3;

/**
 * What became of one try; a rejected promise counts as `retry`. `later` is no try: the turn goes on, ahead of those behind it,
 * when the time has passed; `deferrals` counts it already.
 */
export type Outcome =
  { kind: 'done' } | { kind: 'retry'; afterMs?: number } | { kind: 'later'; afterMs: number };

export interface TurnHandler {
  /**
   * Does the work of one delivery.
   * @param attempt 1 for the first try; a try that a crash cut off counts.
   * @param receipt what `hurry` needs to give this turn out again before its time, when the adapter needs anything.
   */
  handle(turn: Turn, attempt: number, receipt?: string): Promise<Outcome>;
  /**
   * @param delivery how often the turn was given out, this time included.
   * @returns how many of the deliveries before this one were no try: they ended with `later`, or could not even begin because nothing could be
   *   written down. Asked when a turn is given out again; none unless given.
   */
  deferrals?(turn: Turn, delivery: number): Promise<number>;
  /**
   * Tells the user what becomes of a turn while nothing can be written down of it: it `waits` for a store, or was `given_up` because that has lasted for
   * about a day.
   * @throws when the user cannot be told now.
   */
  sayUnnoted?(turn: Turn, what: 'waits' | 'given_up'): Promise<void>;
  /**
   * The tries are used up: tells the user. Called before the turn becomes a dead letter, again if that was cut off.
   * @returns nothing when the user was told that there is no answer; otherwise there is one after all, and this is what came of delivering it: `done`
   *   makes no dead letter of the turn.
   */
  giveUp(turn: Turn): Promise<Outcome | undefined>;
}

export interface DeadLetter {
  readonly turn: Turn;
  readonly diedAt: Date;
}

/**
 * Port: turns wait here between the webhook and the worker.
 *
 * - `enqueue` resolves only once the turn is durable.
 * - Turns of one group (`groupOf`) are handled one after another in the order they were queued; groups do not wait for each other.
 *   A turn waiting for its retry holds its group back.
 * - A turn is identified by `update_id`: the same one queued again, even after it was handled, is a duplicate and is dropped
 *   for as long as the adapter remembers it; after that, the turn ledger knows what was delivered.
 * - A delivery whose worker died is given out again.
 */
export interface TurnQueue {
  /**
   * @returns `duplicate` when the adapter knows that it dropped the turn.
   * @throws QueueUnavailableError when the turn could not be stored: the sender must send the update again.
   */
  enqueue(turn: Turn): Promise<'queued' | 'duplicate'>;
  /** Hands out turns until the signal aborts; resolves when the last running handler has ended. */
  serve(handler: TurnHandler, signal: AbortSignal): Promise<void>;
  /**
   * @returns how many turns of one session are still to be done, without the one that is being handled right now.
   * Turns of the session's `:aside` group are not counted. Undefined when the adapter cannot tell.
   */
  waiting(sessionKey: string): Promise<number | undefined>;
  /**
   * Lets what waits for its time in a session be given out at once.
   * @param receipt of the delivery that put it off; SQS can do nothing without it. A receipt whose message was given out since is of no use.
   */
  hurry?(sessionKey: string, receipt?: string): void | Promise<void>;
  /** What waits for a slot, when the adapter can tell: SQS shows nothing of it. */
  readonly line?: WaitingLine;
  /** @returns the turns that were given up, oldest first. */
  deadLetters(): Promise<DeadLetter[]>;
  /**
   * Dead letters go back to the end of their groups, oldest first, with all tries before them, and are no longer dead.
   * @param updateId only this one; all that `deadLetters` lists unless given
   * @returns how many went back
   */
  redrive(updateId?: number): Promise<number>;
}

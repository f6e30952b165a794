import type { Turn } from '@omnicloud/protocol';
import { ClaimLostError } from './queue-errors.ts';
import { readTurn } from './read-turn.ts';
import { type RetryPolicy, tryTurn, type Verdict } from './try-turn.ts';
import type { TurnHandler } from './turn-queue.ts';
import type { Claim, Settlement, TurnRows } from './turn-rows.ts';
import { WakeBell } from './wake-bell.ts';

/** How soon the turns that another process queued are noticed. */
const POLL_INTERVAL_MS = 500;
/** A claim is extended this often within its visibility, so that one late heartbeat does not lose it. */
const HEARTBEATS_PER_VISIBILITY = 3;
const PRUNE_INTERVAL_MS = 60 * 60 * 1000;
/**
 * Telegram sends an update again for 24 hours at most (https://core.telegram.org/bots/api#getting-updates). For ever would be
 * wrong: after a week without updates the next id is drawn at random (https://core.telegram.org/bots/api#update).
 */
const KEEP_HANDLED_MS = 7 * 24 * 60 * 60 * 1000;

export interface WorkerOptions extends RetryPolicy {
  readonly concurrency: number;
  readonly visibilityMs: number;
  readonly now: () => number;
}

/** One `serve` call: claims turns and runs their handlers side by side. */
export class TurnWorker {
  readonly #rows: TurnRows;
  readonly #handler: TurnHandler;
  readonly #options: WorkerOptions;
  readonly #bell = new WakeBell();
  readonly #running = new Set<Claim>();
  readonly #heartbeatMs: number;
  #extendedAtMs = -Infinity;
  #prunedAtMs = -Infinity;

  constructor(rows: TurnRows, handler: TurnHandler, options: WorkerOptions) {
    this.#rows = rows;
    this.#handler = handler;
    this.#options = options;
    this.#heartbeatMs = options.visibilityMs / HEARTBEATS_PER_VISIBILITY;
  }

  /** There may be a turn to claim: do not wait for the next poll. */
  wake(): void {
    this.#bell.ring();
  }

  /**
   * Works until the signal aborts and the running handlers have ended. Errors of the table are reported, and it is tried again.
   */
  async run(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.wake();
    signal.addEventListener('abort', wake);
    try {
      this.#releaseOrphans();
      while (!signal.aborted || this.#running.size > 0) await this.#bell.wait(this.#workThenWaitMs(signal));
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  /** @returns how long there will be nothing to do unless the bell rings. */
  #workThenWaitMs(signal: AbortSignal): number {
    const { now, visibilityMs, concurrency, onError } = this.#options;
    const pauseMs = Math.min(POLL_INTERVAL_MS, this.#heartbeatMs);
    try {
      // First, lest claims that ran out while the machine was asleep are given out again by their own holder.
      this.#extendClaims(now());
      this.#prune(now());
      while (!signal.aborted && this.#running.size < concurrency) {
        const claim = this.#rows.claimNext(now(), now() + visibilityMs);
        if (!claim) return Math.min(pauseMs, Math.max(0, this.#untilNextMs(now())));
        void this.#deliver(claim);
      }
    } catch (error) {
      onError(error, undefined);
    }
    return pauseMs;
  }

  /** What cannot be released now comes free with its visibility. */
  #releaseOrphans(): void {
    try {
      this.#rows.releaseOrphans(this.#options.now());
    } catch (error) {
      this.#options.onError(error, undefined);
    }
  }

  #untilNextMs(nowMs: number): number {
    return (this.#rows.nextAvailableAtMs() ?? Infinity) - nowMs;
  }

  #extendClaims(nowMs: number): void {
    if (nowMs - this.#extendedAtMs < this.#heartbeatMs) return;
    for (const claim of this.#running) this.#rows.extend(claim, nowMs + this.#options.visibilityMs);
    this.#extendedAtMs = nowMs;
  }

  #prune(nowMs: number): void {
    if (nowMs - this.#prunedAtMs < PRUNE_INTERVAL_MS) return;
    this.#rows.forgetHandled(nowMs - KEEP_HANDLED_MS);
    this.#prunedAtMs = nowMs;
  }

  async #deliver(claim: Claim): Promise<void> {
    this.#running.add(claim);
    const { turn, verdict } = await this.#try(claim);
    try {
      if (!this.#rows.settle(claim, this.#settlementOf(verdict, claim), this.#options.now())) {
        throw new ClaimLostError(claim.updateId, claim.attempt);
      }
    } catch (error) {
      this.#options.onError(error, turn);
    }
    this.#running.delete(claim);
    this.wake();
  }

  /** The file knows whose claim it is: what another delivery has taken is refused, and without one the turn must come again. */
  #settlementOf(verdict: Verdict, { attempt }: Claim): Settlement {
    if (verdict.kind !== 'taken') return verdict;
    return { kind: 'again', afterMs: this.#options.retryDelayMs(attempt) };
  }

  async #try(claim: Claim): Promise<{ turn: Turn | undefined; verdict: Verdict }> {
    let turn: Turn;
    try {
      turn = readTurn(claim);
    } catch (error) {
      this.#options.onError(error, undefined);
      return { turn: undefined, verdict: { kind: 'dead' } };
    }
    return { turn, verdict: await tryTurn(this.#handler, turn, claim.attempt, this.#options) };
  }
}

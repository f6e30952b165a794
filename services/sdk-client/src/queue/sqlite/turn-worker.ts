import type { Turn } from '@omnicloud/protocol';
import { type ChatShares, chooseNext } from './choose-next.ts';
import { ClaimLostError } from '../queue-errors.ts';
import { readTurn } from '../read-turn.ts';
import { type RetryPolicy, tryTurn, type Verdict } from '../try-turn.ts';
import type { TurnHandler } from '../turn-queue.ts';
import type { Claim, Lane, Settlement, TurnRows } from './turn-rows.ts';
import { WakeBell } from '../wake-bell.ts';

/** How soon the turns that another process queued are noticed. */
const POLL_INTERVAL_MS = 500;
/** A claim is extended this often within its visibility, so that one late heartbeat does not lose it. */
const HEARTBEATS_PER_VISIBILITY = 3;
const PRUNE_INTERVAL_MS = 60 * 60 * 1000;
/** How soon the deliveries of a process that was killed are noticed. */
const ORPHAN_INTERVAL_MS = 1_000;
/** A wall clock that moved by so much more or less than time did was set, or the machine slept. */
const CLOCK_JUMP_MS = 1_000;
/** What touches no session is answered although every other slot is taken; such turns are short. */
const ASIDE_SLOTS = 8;
/** Of so many chats it is remembered when they were served last; one that is forgotten counts as not served. */
const MAX_REMEMBERED_CHATS = 10_000;
/**
 * Telegram sends an update again for 24 hours at most (https://core.telegram.org/bots/api#getting-updates). For ever would be
 * wrong: after a week without updates the next id is drawn at random (https://core.telegram.org/bots/api#update).
 */
const KEEP_HANDLED_MS = 7 * 24 * 60 * 60 * 1000;

export interface WorkerOptions extends RetryPolicy {
  /** How many turns that touch a session are handled side by side. */
  readonly concurrency: number;
  readonly visibilityMs: number;
  /** The wall clock, in ms since 1970: rows hold its times, because they outlive the process. */
  readonly now: () => number;
  /** A clock that nobody sets, in ms. */
  readonly monotonicNow: () => number;
}

/** What one lane is doing. */
interface LaneState {
  readonly lane: Lane;
  readonly slots: number;
  readonly running: Set<Claim>;
  /** When each chat was served last, oldest first: a number that grows with every claim. */
  readonly served: Map<string, number>;
}

/** One point in time, on both clocks. */
interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

const NEVER: Moment = { wallMs: -Infinity, monotonicMs: -Infinity };

/** @returns whether the time has passed on either clock; a wall clock that was set back says nothing, so it counts as passed. */
function isOver(since: Moment, at: Moment, ms: number): boolean {
  return Math.abs(at.wallMs - since.wallMs) >= ms || at.monotonicMs - since.monotonicMs >= ms;
}

function sharesOf({ running, served }: LaneState): ChatShares {
  const counts = new Map<string, number>();
  for (const { chat } of running) counts.set(chat, (counts.get(chat) ?? 0) + 1);
  return { running: counts, served };
}

/** One `serve` call: claims turns and runs their handlers side by side. */
export class TurnWorker {
  readonly #rows: TurnRows;
  readonly #handler: TurnHandler;
  readonly #options: WorkerOptions;
  readonly #bell = new WakeBell();
  readonly #lanes: readonly LaneState[];
  readonly #heartbeatMs: number;
  #starts = 0;
  #looked: Moment | undefined;
  #extended: Moment = NEVER;
  #pruned: Moment = NEVER;
  #orphansAtMs = -Infinity;

  constructor(rows: TurnRows, handler: TurnHandler, options: WorkerOptions) {
    this.#rows = rows;
    this.#handler = handler;
    this.#options = options;
    this.#heartbeatMs = options.visibilityMs / HEARTBEATS_PER_VISIBILITY;
    this.#lanes = [
      { lane: 'session', slots: options.concurrency, running: new Set(), served: new Map() },
      { lane: 'aside', slots: ASIDE_SLOTS, running: new Set(), served: new Map() },
    ];
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
      while (!signal.aborted || this.#isBusy()) await this.#bell.wait(this.#workThenWaitMs(signal));
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  #isBusy(): boolean {
    return this.#lanes.some(({ running }) => running.size > 0);
  }

  /** @returns how long there will be nothing to do unless the bell rings. */
  #workThenWaitMs(signal: AbortSignal): number {
    const pauseMs = Math.min(POLL_INTERVAL_MS, this.#heartbeatMs);
    const at = { wallMs: this.#options.now(), monotonicMs: this.#options.monotonicNow() };
    try {
      // First, lest claims that ran out while the machine was asleep are given out again by their own holder.
      this.#extendClaims(at);
      this.#bearClockJump(at);
      this.#releaseOrphans(at);
      this.#prune(at);
      if (signal.aborted) return pauseMs;
      for (const lane of this.#lanes) this.#claimFor(lane, at.wallMs);
      const nextAtMs = this.#rows.nextAvailableAtMs(at.wallMs) ?? Infinity;
      return Math.min(pauseMs, Math.max(0, nextAtMs - at.wallMs));
    } catch (error) {
      this.#options.onError(error, undefined);
    }
    return pauseMs;
  }

  #claimFor(state: LaneState, nowMs: number): void {
    if (state.running.size >= state.slots) return;
    const candidates = new Set(this.#rows.candidates(state.lane, nowMs));
    while (state.running.size < state.slots) {
      const next = chooseNext(candidates, sharesOf(state), state.slots);
      if (!next) return;
      candidates.delete(next);
      const claim = this.#rows.claim(next, nowMs, this.#options.visibilityMs);
      if (claim) void this.#deliver(claim, state);
    }
  }

  /** @returns what the chats have of a lane's slots: where a turn stands in the line depends on it. */
  shares(lane: Lane): ChatShares {
    const state = this.#lanes.find((known) => known.lane === lane);
    return state ? sharesOf(state) : { running: new Map(), served: new Map() };
  }

  /** What cannot be released now is tried again, and comes free with its visibility. */
  #releaseOrphans({ wallMs, monotonicMs }: Moment): void {
    if (monotonicMs - this.#orphansAtMs < ORPHAN_INTERVAL_MS) return;
    this.#orphansAtMs = monotonicMs;
    this.#rows.releaseOrphans(wallMs);
  }

  /** A set clock, or a machine that slept, takes no claim from a process that lives, and makes no turn wait for longer than was asked. */
  #bearClockJump(at: Moment): void {
    const looked = this.#looked;
    this.#looked = at;
    if (looked !== undefined) {
      const jumpMs = at.wallMs - looked.wallMs - (at.monotonicMs - looked.monotonicMs);
      if (Math.abs(jumpMs) >= CLOCK_JUMP_MS) this.#rows.restartVisibilities(at.wallMs);
    }
    this.#rows.cutWaits(at.wallMs);
  }

  #extendClaims(at: Moment): void {
    if (!isOver(this.#extended, at, this.#heartbeatMs)) return;
    for (const { running } of this.#lanes) {
      for (const claim of running) this.#rows.extend(claim, at.wallMs, this.#options.visibilityMs);
    }
    this.#extended = at;
  }

  #prune(at: Moment): void {
    if (!isOver(this.#pruned, at, PRUNE_INTERVAL_MS)) return;
    this.#rows.forgetHandled(at.wallMs - KEEP_HANDLED_MS);
    this.#pruned = at;
  }

  async #deliver(claim: Claim, { running, served }: LaneState): Promise<void> {
    running.add(claim);
    this.#starts += 1;
    served.delete(claim.chat);
    served.set(claim.chat, this.#starts);
    const [longestAgo] = served.keys();
    if (served.size > MAX_REMEMBERED_CHATS && longestAgo !== undefined) served.delete(longestAgo);
    let turn: Turn | undefined;
    try {
      const tried = await this.#try(claim);
      turn = tried.turn;
      const { verdict } = tried;
      if (!this.#rows.settle(claim, this.#settlementOf(verdict), this.#options.now())) {
        throw new ClaimLostError(claim.updateId, claim.attempt);
      }
    } catch (error) {
      this.#options.onError(error, turn);
    } finally {
      running.delete(claim);
      this.wake();
    }
  }

  /**
   * An earlier delivery that had been frozen went on with the turn. When that delivery lost its claim to this one, nobody else gives the turn out
   * again. That is soon: the turn did not fail, and those behind it wait.
   */
  #settlementOf(verdict: Verdict): Settlement {
    return verdict.kind === 'taken' ? { kind: 'again', afterMs: this.#options.retryDelayMs(1) } : verdict;
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

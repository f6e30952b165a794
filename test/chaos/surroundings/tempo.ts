import type { StoreChoice } from '../processes/config.ts';

/** The time limits of the system, in ms. */
export interface Tempo {
  /** How long a lease outlives its last renewal: what a freeze of an agent server outlasts. */
  readonly leaseMs: number;
  readonly leaseHeartbeatMs: number;
  /** After its last heartbeat a delivery is given out again: what a freeze of one of the others outlasts. */
  readonly visibilityMs: number;
  /** How long an agent may be silent. */
  readonly silenceMs: number;
  readonly streamHeartbeatMs: number;
  /** How long a step may take until it is in the ledger. */
  readonly writingDownMs: number;
  /** No question may wait longer once it is its turn: each of its tries may meet a harm that is noticed by silence, and all processes may have to start again. */
  readonly stuckMs: number;
  /** How long everybody is left alone between two blows, at least and at most. */
  readonly blowPauseMs: { readonly min: number; readonly max: number };
}

/** Far shorter than in production, so that a freeze can outlast them; on servers, which take longer for everything, twice as long. */
const FAST: Record<StoreChoice['kind'], Tempo> = {
  embedded: {
    leaseMs: 2_000,
    leaseHeartbeatMs: 200,
    visibilityMs: 3_000,
    silenceMs: 4_000,
    streamHeartbeatMs: 500,
    writingDownMs: 500,
    stuckMs: 30_000,
    blowPauseMs: { min: 1_500, max: 5_500 },
  },
  aws: {
    leaseMs: 4_000,
    leaseHeartbeatMs: 400,
    visibilityMs: 6_000,
    silenceMs: 8_000,
    streamHeartbeatMs: 1_000,
    writingDownMs: 3_000,
    stuckMs: 30_000,
    blowPauseMs: { min: 1_500, max: 5_500 },
  },
};

/** What the product has unless told otherwise. A killed agent server is noticed by silence, and a frozen one's lease is waited for. */
const PRODUCTION: Tempo = {
  leaseMs: 15_000,
  leaseHeartbeatMs: 1_000,
  visibilityMs: 30_000,
  silenceMs: 30_000,
  streamHeartbeatMs: 10_000,
  writingDownMs: 3_000,
  stuckMs: 240_000,
  blowPauseMs: { min: 5_000, max: 20_000 },
};

/** A machine that is slower than this is not waited for: freezes, which outlast the limits, would take minutes. */
const MOST = { limits: 5, stuck: 10 };

/** What the time limits are to be. */
interface TempoChoice {
  /** `production`, or how many times slower than the harness's own tempo at least. */
  readonly name: string;
  /** How many times slower than a quiet one this machine is; see `machineSlowness`. */
  readonly slowness: number;
}

/**
 * @returns time limits that are as hard to keep on this machine as the harness's own are on a quiet one.
 * @throws RangeError for another name.
 */
export function tempoOf({ name, slowness }: TempoChoice, kind: StoreChoice['kind']): Tempo {
  const stuckFactor = Math.min(slowness, MOST.stuck);
  if (name === 'production') return { ...PRODUCTION, stuckMs: Math.round(PRODUCTION.stuckMs * stuckFactor) };
  const least = Number(name);
  if (!(least >= 1 && least <= 10)) throw new RangeError('--slower must be from 1 to 10, or production');
  const factor = Math.max(least, Math.min(slowness, MOST.limits));
  const fast = FAST[kind];
  // The stores take whole milliseconds only.
  const scaled = (ms: number): number => Math.round(ms * factor);
  return {
    leaseMs: scaled(fast.leaseMs),
    leaseHeartbeatMs: scaled(fast.leaseHeartbeatMs),
    visibilityMs: scaled(fast.visibilityMs),
    silenceMs: scaled(fast.silenceMs),
    streamHeartbeatMs: scaled(fast.streamHeartbeatMs),
    writingDownMs: scaled(fast.writingDownMs),
    stuckMs: Math.round(fast.stuckMs * Math.max(least, stuckFactor)),
    // Where every turn takes longer, as many blows in the same time would hit each turn more often.
    blowPauseMs: { min: scaled(fast.blowPauseMs.min), max: scaled(fast.blowPauseMs.max) },
  };
}

// acquire → renew and ask for a stop, again and again → release
import { setTimeout as delay } from 'node:timers/promises';
import { AgentError } from '../../errors.ts';
import { holderName } from './lease-holder.ts';
import type { Lease, SessionLeases } from './session-lease.ts';

export interface LeaseTiming {
  /** How long the lease outlives its last renewal, in ms. */
  readonly ttlMs: number;
  /** Between two heartbeats, in ms: a stop is seen this late at most. */
  readonly heartbeatMs: number;
}

/** A stop must take effect within 2 s; a holder that died or hangs gives the session free after 15 s. */
const LEASE_TIMING: LeaseTiming = { ttlMs: 15_000, heartbeatMs: 1_000 };

const CONFIRM_TRIES = 4;
const CONFIRM_PAUSE_MS = 400;

/** A session that this process may run. */
export interface HeldSession {
  readonly lease: Lease;
  /** Aborts when the lease was lost: what runs must end and write nothing. */
  readonly lost: AbortSignal;
  /** Aborts when the user stopped the turn. */
  readonly stopped: AbortSignal;
  /**
   * Asks the store itself whether the session is still ours, and extends the lease: before the first write of a save, because a
   * process that was frozen has not noticed yet. Once false, or once `lost` has aborted, false for ever.
   * @throws AgentError `store_unavailable` when it cannot be told; then nothing may be written either.
   */
  confirm(): Promise<boolean>;
  /**
   * Ends the heartbeat and lets the session go; once that was written, nothing more happens. Never throws: an unreleased lease
   * expires.
   */
  release(): Promise<void>;
}

interface HoldOptions {
  readonly leaseTiming?: LeaseTiming;
  /** Asked at every heartbeat. */
  readonly isStopped: () => Promise<boolean>;
  /** Told of heartbeats that failed; the lease is lost only when it expires. */
  readonly onError: (error: unknown) => void;
}

/**
 * Takes the session for one run.
 * @throws AgentError `session_busy` with holder and expiry, when somebody else has it; `store_unavailable` when that cannot be told.
 */
export async function holdSession(
  leases: SessionLeases,
  sessionId: string,
  { leaseTiming = LEASE_TIMING, isStopped, onError }: HoldOptions,
): Promise<HeldSession> {
  /** By a clock that nobody sets: a step of the machine's clock makes no lease longer or shorter. Before the call, as its answer may be late. */
  let renewedAtMs = performance.now();
  const acquired = await leases.acquire(sessionId, holderName(), leaseTiming.ttlMs);
  if (!('lease' in acquired)) {
    const { heldBy, until } = acquired;
    throw new AgentError('session_busy', 'This session is busy with another message', {
      details: { holder: heldBy, until: until.toISOString() },
    });
  }
  let { lease } = acquired;
  const lost = new AbortController();
  const stopped = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let beating: Promise<void> = Promise.resolve();
  let isOver = false;
  let isFree = false;

  const renew = async (): Promise<boolean> => {
    // What ran was told to end: a store that answers again does not bring it back.
    if (lost.signal.aborted) return false;
    const askedAtMs = performance.now();
    const renewed = await leases.renew(lease, leaseTiming.ttlMs);
    if (renewed) {
      lease = renewed;
      renewedAtMs = askedAtMs;
    } else lost.abort();
    return renewed !== undefined;
  };
  const isExpired = (): boolean => performance.now() - renewedAtMs > leaseTiming.ttlMs;
  const confirm = async (): Promise<boolean> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await renew();
      } catch (error) {
        // A finished turn hangs on this answer: one call that failed must not cost it.
        if (tries === CONFIRM_TRIES || isExpired()) throw error;
        onError(error);
        await delay(CONFIRM_PAUSE_MS);
      }
    }
  };
  const beat = async (): Promise<void> => {
    try {
      if (!(await renew())) return;
      if (!stopped.signal.aborted && (await isStopped())) stopped.abort();
    } catch (error) {
      onError(error);
      // Nobody may have taken it, but nothing assures that any more.
      if (isExpired()) lost.abort();
    }
  };
  const next = (): void => {
    if (isOver || lost.signal.aborted) return;
    timer = setTimeout(() => {
      beating = beat().then(next);
    }, leaseTiming.heartbeatMs);
  };
  next();

  return {
    get lease() {
      return lease;
    },
    lost: lost.signal,
    stopped: stopped.signal,
    confirm,
    release: async () => {
      isOver = true;
      clearTimeout(timer);
      await beating;
      if (isFree) return;
      try {
        await leases.release(lease);
        isFree = true;
      } catch (error) {
        onError(error);
      }
    },
  };
}

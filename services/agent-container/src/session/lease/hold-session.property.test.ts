import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type HeldSession, holdSession } from './hold-session.ts';
import { SqliteSessionLeases } from './sqlite-session-leases.ts';
import { temporaryDirectory } from '../home/temporary-directory.fixture.ts';

const TTL_MS = 3_000;
const HEARTBEAT_MS = 1_000;
/** Longer than any test: its timers never run, as those of a frozen process do not. */
const FROZEN_MS = 1_000_000_000;

type Step =
  | { readonly kind: 'hold'; readonly isFrozen: boolean }
  | { readonly kind: 'pass'; readonly ms: number }
  /** By which hold: 0 is the last one, 1 the one before. */
  | { readonly kind: 'write' | 'release'; readonly which: number };

const which = fc.nat({ max: 3 });
const steps = fc.array(
  fc.oneof(
    fc.boolean().map((isFrozen): Step => ({ kind: 'hold', isFrozen })),
    fc.constantFrom(1, HEARTBEAT_MS, TTL_MS, TTL_MS + 1).map((ms): Step => ({ kind: 'pass', ms })),
    which.map((index): Step => ({ kind: 'write', which: index })),
    which.map((index): Step => ({ kind: 'release', which: index })),
  ),
  { minLength: 1, maxLength: 15 },
);

let leases: SqliteSessionLeases;
beforeEach(async () => {
  leases = new SqliteSessionLeases({ directory: await temporaryDirectory(), now: () => Date.now() });
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  leases.close();
});

/** The holds of one session, the last of which alone may write. */
class Holds {
  /** Of every write that was made, the fencing token of who made it. */
  readonly written: number[] = [];
  readonly #sessionId: string;
  readonly #holds: HeldSession[] = [];
  readonly #released = new Set<HeldSession>();

  constructor(sessionId: string) {
    this.#sessionId = sessionId;
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'hold':
        return this.#hold(step.isFrozen ? FROZEN_MS : HEARTBEAT_MS);
      case 'pass':
        await vi.advanceTimersByTimeAsync(step.ms);
        return;
      case 'write':
        return this.#write(this.#holds.at(-1 - step.which));
      case 'release':
        return this.#release(this.#holds.at(-1 - step.which));
    }
  }

  async finish(): Promise<void> {
    for (const held of this.#holds) await this.#write(held);
    for (const held of this.#holds) await held.release();
  }

  async #hold(heartbeatMs: number): Promise<void> {
    const before = this.#holds.at(-1);
    const isFree = !before || this.#released.has(before) || Date.now() >= before.lease.expiresAt.getTime();
    const asked = holdSession(leases, this.#sessionId, {
      leaseTiming: { ttlMs: TTL_MS, heartbeatMs },
      isStopped: () => Promise.resolve(false),
      onError: (error) => {
        throw new Error('A heartbeat failed', { cause: error });
      },
    });
    if (isFree) this.#holds.push(await asked);
    else await expect(asked).rejects.toMatchObject({ code: 'session_busy' });
  }

  /** As a save does: it asks first. */
  async #write(held: HeldSession | undefined): Promise<void> {
    if (!held) return;
    const isOurs = held === this.#holds.at(-1) && !this.#released.has(held);
    expect(await held.confirm()).toBe(isOurs);
    expect(held.lost.aborted).toBe(!isOurs);
    if (isOurs) this.written.push(held.lease.fencingToken);
  }

  async #release(held: HeldSession | undefined): Promise<void> {
    if (!held) return;
    await held.release();
    this.#released.add(held);
  }
}

it('only the last of all holders writes, whoever is frozen for however long', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      runs += 1;
      const holds = new Holds(`session ${runs}`);
      for (const step of taken) await holds.take(step);
      await holds.finish();
      expect(holds.written).toEqual(holds.written.toSorted((one, other) => one - other));
    }),
    { numRuns: 60 },
  );
});

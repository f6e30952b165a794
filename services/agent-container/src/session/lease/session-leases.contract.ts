import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeaseModel, leaseSteps } from './lease-model.fixture.ts';
import type { Acquired, Lease, SessionLeases } from './session-lease.ts';

const START_MS = Date.UTC(2026, 0, 1);
const TTL_MS = 15_000;

export interface OpenSessionLeases {
  readonly leases: SessionLeases;
  /** @returns the same leases as another process sees them; it is closed together with the first. */
  readonly reopen: () => Promise<SessionLeases>;
  readonly close: () => Promise<void>;
}

/** @param now milliseconds since 1970 */
export type OpenLeases = (now: () => number) => Promise<OpenSessionLeases>;

/** @throws when the session was not given. */
export function granted(acquired: Acquired): Lease {
  if ('lease' in acquired) return acquired.lease;
  throw new Error(`The session is held by ${acquired.heldBy}`);
}

/**
 * What every adapter of the port promises, as vitest tests.
 * @param open opens leases that read the time from the given clock alone; they need not be empty.
 */
export function describeSessionLeases(name: string, open: OpenLeases): void {
  describe(`${name} as session leases`, () => {
    async function withLeases(
      use: (opened: OpenSessionLeases, clock: { nowMs: number }, sessionId: string) => Promise<void>,
    ): Promise<void> {
      const clock = { nowMs: START_MS };
      const opened = await open(() => clock.nowMs);
      try {
        await use(opened, clock, randomUUID());
      } finally {
        await opened.close();
      }
    }

    it('give a free session, until the TTL has passed', () =>
      withLeases(async ({ leases }, clock, sessionId) => {
        const lease = granted(await leases.acquire(sessionId, 'one', TTL_MS));
        expect(lease).toMatchObject({ sessionId, holder: 'one', expiresAt: new Date(START_MS + TTL_MS) });
        expect(lease.fencingToken).toBeGreaterThan(0);
        expect(clock.nowMs).toBe(START_MS);
      }));

    it('tell who asks for a held session who has it and until when, up to the last millisecond', () =>
      withLeases(async ({ leases, reopen }, clock, sessionId) => {
        await leases.acquire(sessionId, 'one', TTL_MS);
        const held = { heldBy: 'one', until: new Date(START_MS + TTL_MS) };
        expect(await leases.acquire(sessionId, 'two', 1)).toEqual(held);
        clock.nowMs += TTL_MS - 1;
        expect(await (await reopen()).acquire(sessionId, 'two', TTL_MS)).toEqual(held);
      }));

    it('give an expired session to another holder, with a higher token', () =>
      withLeases(async ({ leases, reopen }, clock, sessionId) => {
        const first = granted(await leases.acquire(sessionId, 'one', TTL_MS));
        clock.nowMs += TTL_MS;
        const second = granted(await (await reopen()).acquire(sessionId, 'two', TTL_MS));
        expect(second.holder).toBe('two');
        expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
      }));

    it('keep sessions apart', () =>
      withLeases(async ({ leases }, _, sessionId) => {
        await leases.acquire(sessionId, 'one', TTL_MS);
        expect(granted(await leases.acquire(randomUUID(), 'two', TTL_MS)).holder).toBe('two');
      }));

    it('extend a lease from now on, with the same token', () =>
      withLeases(async ({ leases }, clock, sessionId) => {
        const lease = granted(await leases.acquire(sessionId, 'one', TTL_MS));
        clock.nowMs += 1_000;
        const until = new Date(clock.nowMs + TTL_MS);
        expect(await leases.renew(lease, TTL_MS)).toEqual({ ...lease, expiresAt: until });
        clock.nowMs = START_MS + TTL_MS;
        expect(await leases.acquire(sessionId, 'two', TTL_MS)).toEqual({ heldBy: 'one', until });
      }));

    it('renew by an earlier copy of the lease too, for only holder and token say whose it is', () =>
      withLeases(async ({ leases, reopen }, clock, sessionId) => {
        const lease = granted(await leases.acquire(sessionId, 'one', TTL_MS));
        clock.nowMs += 1_000;
        await leases.renew(lease, TTL_MS);
        clock.nowMs += 1_000;
        const until = new Date(clock.nowMs + TTL_MS);
        expect(await (await reopen()).renew(lease, TTL_MS)).toEqual({ ...lease, expiresAt: until });
      }));

    it('renew a lease that has expired but was not taken', () =>
      withLeases(async ({ leases }, clock, sessionId) => {
        const lease = granted(await leases.acquire(sessionId, 'one', TTL_MS));
        clock.nowMs += 10 * TTL_MS;
        expect(await leases.renew(lease, TTL_MS)).toMatchObject({ fencingToken: lease.fencingToken });
        expect(await leases.acquire(sessionId, 'two', TTL_MS)).toMatchObject({ heldBy: 'one' });
      }));

    it('do not renew a lease that was taken, and leave the taker its own', () =>
      withLeases(async ({ leases }, clock, sessionId) => {
        const lost = granted(await leases.acquire(sessionId, 'one', TTL_MS));
        clock.nowMs += TTL_MS;
        const taken = granted(await leases.acquire(sessionId, 'two', TTL_MS));
        expect(await leases.renew(lost, 100 * TTL_MS)).toBeUndefined();
        const held = { heldBy: 'two', until: taken.expiresAt };
        expect(await leases.acquire(sessionId, 'three', TTL_MS)).toEqual(held);
        clock.nowMs += TTL_MS;
        expect(await leases.renew(lost, TTL_MS)).toBeUndefined();
      }));

    it('free a released session at once, and remember its token', () =>
      withLeases(async ({ leases, reopen }, _, sessionId) => {
        const first = granted(await leases.acquire(sessionId, 'one', TTL_MS));
        await leases.release(first);
        const second = granted(await (await reopen()).acquire(sessionId, 'two', TTL_MS));
        expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
      }));

    it('do not renew what was released: a late heartbeat must not lock the session again', () =>
      withLeases(async ({ leases }, _, sessionId) => {
        const lease = granted(await leases.acquire(sessionId, 'one', TTL_MS));
        await leases.release(lease);
        expect(await leases.renew(lease, TTL_MS)).toBeUndefined();
        expect(granted(await leases.acquire(sessionId, 'two', TTL_MS)).holder).toBe('two');
      }));

    it('let only the holder release, and let it do so twice', () =>
      withLeases(async ({ leases }, clock, sessionId) => {
        const lost = granted(await leases.acquire(sessionId, 'one', TTL_MS));
        clock.nowMs += TTL_MS;
        const taken = granted(await leases.acquire(sessionId, 'two', TTL_MS));
        await leases.release(lost);
        const held = { heldBy: 'two', until: taken.expiresAt };
        expect(await leases.acquire(sessionId, 'three', TTL_MS)).toEqual(held);
        await leases.release(taken);
        await leases.release(taken);
        const third = granted(await leases.acquire(sessionId, 'three', TTL_MS));
        await leases.release(taken);
        expect(await leases.renew(third, TTL_MS)).toMatchObject({ holder: 'three' });
      }));

    it.each(['free', 'expired', 'released'])('give a session that is %s to exactly one of many', (state) =>
      withLeases(async ({ leases, reopen }, clock, sessionId) => {
        if (state !== 'free') {
          const earlier = granted(await leases.acquire(sessionId, 'earlier', TTL_MS));
          if (state === 'expired') clock.nowMs += TTL_MS;
          else await leases.release(earlier);
        }
        const other = await reopen();
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            (index % 2 === 0 ? leases : other).acquire(sessionId, `holder ${index}`, TTL_MS),
          ),
        );
        const winners = answers.flatMap((answer) => ('lease' in answer ? [answer.lease] : []));
        expect(winners).toHaveLength(1);
        const held = { heldBy: winners[0]?.holder, until: new Date(clock.nowMs + TTL_MS) };
        expect(await leases.acquire(sessionId, 'late', TTL_MS)).toEqual(held);
      }),
    );

    it('never give two holders a session, whatever three of them do in whatever order', () =>
      withLeases(async ({ leases, reopen }, clock) => {
        const seen = [leases, await reopen(), await reopen()] as const;
        await fc.assert(
          fc.asyncProperty(leaseSteps, async (steps) => {
            const model = new LeaseModel(seen, clock);
            for (const step of steps) await model.take(step);
            await model.finish();
          }),
          { numRuns: 40 },
        );
      }));
  });
}

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentError } from '../../errors.ts';
import { holdSession } from './hold-session.ts';
import type { SessionLeases } from './session-lease.ts';
import { SqliteSessionLeases } from './sqlite-session-leases.ts';
import { temporaryDirectory } from '../home/temporary-directory.fixture.ts';

const SESSION = '0190c8a4-0000-4000-8000-000000000001';
const LEASE_TIMING = { ttlMs: 15_000, heartbeatMs: 1_000 };

let leases: SqliteSessionLeases;
let errors: unknown[];
beforeEach(async () => {
  leases = new SqliteSessionLeases({ directory: await temporaryDirectory(), now: () => Date.now() });
  errors = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  leases.close();
});

const hold = (
  on: SessionLeases = leases,
  isStopped: () => Promise<boolean> = () => Promise.resolve(false),
): ReturnType<typeof holdSession> =>
  holdSession(on, SESSION, { leaseTiming: LEASE_TIMING, isStopped, onError: (error) => errors.push(error) });

describe('A session that is held', () => {
  it('is busy for everybody else, who learn who has it and until when', async () => {
    const held = await hold();
    const { holder, expiresAt } = held.lease;
    await expect(hold()).rejects.toMatchObject({
      code: 'session_busy',
      details: { holder, until: expiresAt.toISOString() },
    });
    await held.release();
    const next = await hold();
    expect(next.lease.fencingToken).toBeGreaterThan(held.lease.fencingToken);
    await next.release();
  });

  it('is let go by one write, and by another one only when that failed', async () => {
    let tries = 0;
    const held = await hold({
      acquire: (...asked) => leases.acquire(...asked),
      renew: (...asked) => leases.renew(...asked),
      release: async (lease) => {
        tries += 1;
        if (tries === 1) throw new AgentError('store_unavailable', 'Down');
        await leases.release(lease);
      },
    });
    for (const expected of [1, 2, 2]) {
      await held.release();
      expect(tries).toBe(expected);
    }
    expect(errors).toHaveLength(1);
  });

  it('stays held for as long as its heart beats', async () => {
    const held = await hold();
    await vi.advanceTimersByTimeAsync(10 * LEASE_TIMING.ttlMs);
    expect(held.lost.aborted).toBe(false);
    await expect(hold()).rejects.toMatchObject({ code: 'session_busy' });
    await held.release();
  });

  it('is told of a stop at the next heartbeat', async () => {
    let isStopped = false;
    const held = await hold(leases, () => Promise.resolve(isStopped));
    await vi.advanceTimersByTimeAsync(LEASE_TIMING.heartbeatMs);
    expect(held.stopped.aborted).toBe(false);
    isStopped = true;
    await vi.advanceTimersByTimeAsync(LEASE_TIMING.heartbeatMs);
    expect(held.stopped.aborted).toBe(true);
    await held.release();
  });
});

describe('A holder that was frozen until its lease was taken', () => {
  it('learns it before it writes anything', async () => {
    const held = await hold();
    // Nothing of this process runs while it is frozen, its timers neither.
    vi.setSystemTime(Date.now() + LEASE_TIMING.ttlMs + 1);
    const other = await hold();
    expect(await held.confirm()).toBe(false);
    expect(held.lost.aborted).toBe(true);
    await held.release();
    expect(await other.confirm()).toBe(true);
    await other.release();
  });

  it('goes on when nobody took it', async () => {
    const held = await hold();
    vi.setSystemTime(Date.now() + LEASE_TIMING.ttlMs + 1);
    expect(await held.confirm()).toBe(true);
    await held.release();
  });
});

describe('A store of leases that fails', () => {
  it('costs the session only when the lease has run out', async () => {
    const failing: SessionLeases = {
      acquire: (...asked) => leases.acquire(...asked),
      renew: () => Promise.reject(new AgentError('store_unavailable', 'Down')),
      release: () => Promise.reject(new AgentError('store_unavailable', 'Down')),
    };
    const held = await hold(failing);
    await vi.advanceTimersByTimeAsync(LEASE_TIMING.ttlMs - 1);
    expect(held.lost.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(2 * LEASE_TIMING.heartbeatMs);
    expect(held.lost.aborted).toBe(true);
    await held.release();
    expect(errors.length).toBeGreaterThan(LEASE_TIMING.ttlMs / LEASE_TIMING.heartbeatMs);
  });

  it.each([
    ['forward', 2 * 60 * 60 * 1000],
    ['back', -2 * 60 * 60 * 1000],
  ])('costs the session neither sooner nor later when the clock is set %s', async (_, stepMs) => {
    const held = await hold({
      acquire: (...asked) => leases.acquire(...asked),
      renew: () => Promise.reject(new AgentError('store_unavailable', 'Down')),
      release: () => Promise.resolve(),
    });
    vi.setSystemTime(Date.now() + stepMs);
    await vi.advanceTimersByTimeAsync(LEASE_TIMING.ttlMs - 1);
    expect(held.lost.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(2 * LEASE_TIMING.heartbeatMs);
    expect(held.lost.aborted).toBe(true);
    await held.release();
  });

  it('is still told to be ours when a call or two failed on the way', async () => {
    let failures = 2;
    const held = await hold({
      acquire: (...asked) => leases.acquire(...asked),
      renew: (...asked) => {
        failures -= 1;
        return failures >= 0
          ? Promise.reject(new AgentError('store_unavailable', 'Down'))
          : leases.renew(...asked);
      },
      release: (lease) => leases.release(lease),
    });
    expect(await held.confirm()).toBe(true);
    expect(errors).toHaveLength(2);
    await held.release();
  });

  it('does not give a session back that was lost to it, when the store answers again', async () => {
    let isDown = true;
    const held = await hold({
      acquire: (...asked) => leases.acquire(...asked),
      renew: (...asked) =>
        isDown ? Promise.reject(new AgentError('store_unavailable', 'Down')) : leases.renew(...asked),
      release: (lease) => leases.release(lease),
    });
    await expect(held.confirm()).rejects.toMatchObject({ code: 'store_unavailable' });
    await vi.advanceTimersByTimeAsync(LEASE_TIMING.ttlMs + 2 * LEASE_TIMING.heartbeatMs);
    expect(held.lost.aborted).toBe(true);
    isDown = false;
    expect(await held.confirm()).toBe(false);
    await held.release();
  });
});

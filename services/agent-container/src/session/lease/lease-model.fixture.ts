import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Lease, SessionLeases } from './session-lease.ts';

const TTLS_MS = [1, 1_000, 15_000];
const TTL_AT_THE_END_MS = 1_000;
const HOLDERS = [0, 1, 2] as const;

export interface LeaseStep {
  readonly action: 'acquire' | 'renew' | 'release';
  readonly who: (typeof HOLDERS)[number];
  /** Which of the holder's leases it renews or releases: 0 is its last one; earlier ones are lost or let go. */
  readonly age: number;
  readonly ttlMs: number;
  /** Before the step. */
  readonly passesMs: number;
}

export const leaseSteps = fc.array(
  fc.record<LeaseStep>({
    action: fc.constantFrom('acquire', 'acquire', 'renew', 'renew', 'release'),
    who: fc.constantFrom(...HOLDERS),
    age: fc.constantFrom(0, 0, 0, 1, 2),
    ttlMs: fc.constantFrom(...TTLS_MS),
    passesMs: fc.oneof(fc.constant(0), fc.nat({ max: 1_000 }), fc.constantFrom(...TTLS_MS)),
  }),
  { minLength: 1, maxLength: 30 },
);

/** What the port says about one session, kept beside real leases: each step asks both and compares. */
export class LeaseModel {
  readonly #sessionId = randomUUID();
  readonly #leases: readonly [SessionLeases, SessionLeases, SessionLeases];
  readonly #clock: { nowMs: number };
  /** Every lease that was given, by holder, as it last was; oldest first. */
  readonly #given: readonly [Lease[], Lease[], Lease[]] = [[], [], []];
  /** Who may renew; undefined when nobody ever took the session, or the last one let it go. */
  #current: Lease | undefined;
  #highestToken = 0;
  #runs = 0;

  /** @param leases the same ones, as each of the three holders sees them. */
  constructor(leases: readonly [SessionLeases, SessionLeases, SessionLeases], clock: { nowMs: number }) {
    this.#leases = leases;
    this.#clock = clock;
  }

  async take({ action, who, age, ttlMs, passesMs }: LeaseStep): Promise<void> {
    this.#clock.nowMs += passesMs;
    const lease = this.#given[who].at(-1 - age);
    if (action === 'acquire') await this.#acquire(who, ttlMs);
    else if (lease && action === 'renew') await this.#renew(who, lease, ttlMs);
    else if (lease) await this.#release(who, lease);
    const valid = this.#given.flat().filter((given) => this.#isUnexpired(given));
    expect(valid.length).toBeLessThanOrEqual(1);
  }

  /** Who lost a session has lost it for good: none of its leases can be renewed, and letting them go takes nothing from anybody. */
  async finish(): Promise<void> {
    for (const who of HOLDERS) {
      for (const lease of [...this.#given[who]]) {
        if (lease.fencingToken !== this.#current?.fencingToken) await this.#release(who, lease);
        await this.#renew(who, lease, TTL_AT_THE_END_MS);
      }
    }
    await this.#acquire(0, TTL_AT_THE_END_MS);
  }

  async #acquire(who: LeaseStep['who'], ttlMs: number): Promise<void> {
    this.#runs += 1;
    const holder = `holder ${who}, run ${this.#runs}`;
    const answer = await this.#leases[who].acquire(this.#sessionId, holder, ttlMs);
    if (this.#current && this.#isUnexpired(this.#current)) {
      expect(answer).toEqual({ heldBy: this.#current.holder, until: this.#current.expiresAt });
      return;
    }
    if (!('lease' in answer)) throw new Error(`A free session was refused: ${JSON.stringify(answer)}`);
    const { lease } = answer;
    expect(lease).toMatchObject({ sessionId: this.#sessionId, holder, expiresAt: this.#after(ttlMs) });
    expect(lease.fencingToken).toBeGreaterThan(this.#highestToken);
    this.#highestToken = lease.fencingToken;
    this.#current = lease;
    this.#given[who].push(lease);
  }

  async #renew(who: LeaseStep['who'], lease: Lease, ttlMs: number): Promise<void> {
    const answer = await this.#leases[who].renew(lease, ttlMs);
    if (lease.fencingToken !== this.#current?.fencingToken) {
      expect(answer).toBeUndefined();
      return;
    }
    expect(answer).toEqual({ ...lease, expiresAt: this.#after(ttlMs) });
    this.#current = { ...lease, expiresAt: this.#after(ttlMs) };
    this.#keep(who, this.#current);
  }

  async #release(who: LeaseStep['who'], lease: Lease): Promise<void> {
    await this.#leases[who].release(lease);
    if (lease.fencingToken === this.#current?.fencingToken) this.#current = undefined;
    // Released again and renewed later on purpose, but it no longer counts as valid.
    this.#keep(who, { ...lease, expiresAt: new Date(0) });
  }

  #keep(who: LeaseStep['who'], lease: Lease): void {
    const leases = this.#given[who];
    leases[leases.findIndex(({ fencingToken }) => fencingToken === lease.fencingToken)] = lease;
  }

  #isUnexpired(lease: Lease): boolean {
    return this.#clock.nowMs < lease.expiresAt.getTime();
  }

  #after(ttlMs: number): Date {
    return new Date(this.#clock.nowMs + ttlMs);
  }
}

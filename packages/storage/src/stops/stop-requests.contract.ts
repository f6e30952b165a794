import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StopRequests } from './stop-requests.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const START_MS = Date.UTC(2026, 0, 1);

export interface OpenStopRequests {
  readonly stops: StopRequests;
  /** @returns the same requests as another process sees them; it is closed together with the first. */
  readonly reopen: () => Promise<StopRequests>;
  readonly close: () => Promise<void>;
}

/** @param now milliseconds since 1970 */
export type OpenStops = (now: () => number) => Promise<OpenStopRequests>;

/**
 * What every adapter of the port promises, as vitest tests.
 * @param open opens requests that read the time from the given clock alone; they need not be empty.
 */
export function describeStopRequests(name: string, open: OpenStops): void {
  describe(`${name} as stop requests`, () => {
    async function withStops(
      use: (opened: OpenStopRequests, clock: { nowMs: number }) => Promise<void>,
    ): Promise<void> {
      const clock = { nowMs: START_MS };
      const opened = await open(() => clock.nowMs);
      try {
        await use(opened, clock);
      } finally {
        await opened.close();
      }
    }
    const conversation = (): string => `${randomUUID()}:0`;

    it('know of no stop where none was asked for', () =>
      withStops(async ({ stops }) => {
        const key = conversation();
        await stops.request(conversation(), 100);
        expect(await stops.isStopped(key, 1)).toBe(false);
      }));

    it('stop the turns before the request, and neither the request itself nor what follows it', () =>
      withStops(async ({ stops }) => {
        const key = conversation();
        await stops.request(key, 100);
        expect(await stops.isStopped(key, 1)).toBe(true);
        expect(await stops.isStopped(key, 99)).toBe(true);
        expect(await stops.isStopped(key, 100)).toBe(false);
        expect(await stops.isStopped(key, 101)).toBe(false);
      }));

    it('count a request that is delivered twice from the second time on', () =>
      withStops(async ({ stops, reopen }, clock) => {
        const key = conversation();
        await stops.request(key, 100);
        clock.nowMs += DAY_MS - 1;
        await (await reopen()).request(key, 100);
        clock.nowMs += DAY_MS - 1;
        expect(await stops.isStopped(key, 99)).toBe(true);
        expect(await stops.isStopped(key, 100)).toBe(false);
        clock.nowMs += 1;
        expect(await stops.isStopped(key, 99)).toBe(false);
      }));

    it('keep topics of one chat apart', () =>
      withStops(async ({ stops }) => {
        const chat = randomUUID();
        await stops.request(`${chat}:1`, 100);
        expect(await stops.isStopped(`${chat}:11`, 1)).toBe(false);
        expect(await stops.isStopped(`${chat}:1`, 1)).toBe(true);
      }));

    it('go by the highest id, in whatever order the requests arrive', () =>
      withStops(async ({ stops }) => {
        const key = conversation();
        await stops.request(key, 100);
        await stops.request(key, 200);
        await stops.request(key, 150);
        expect(await stops.isStopped(key, 199)).toBe(true);
        expect(await stops.isStopped(key, 200)).toBe(false);
      }));

    it('go by the highest id when several processes are asked at once', () =>
      withStops(async ({ stops, reopen }) => {
        const key = conversation();
        const other = await reopen();
        const ids = Array.from({ length: 20 }, (_, index) => 100 + ((index * 7) % 20));
        await Promise.all(ids.map((id, index) => (index % 2 === 0 ? stops : other).request(key, id)));
        expect(await stops.isStopped(key, 118)).toBe(true);
        expect(await other.isStopped(key, 118)).toBe(true);
        expect(await stops.isStopped(key, 119)).toBe(false);
      }));

    it('tell another process, with ids as large as Telegram may send', () =>
      withStops(async ({ stops, reopen }) => {
        const key = `-${conversation()}`;
        await stops.request(key, 2 ** 52);
        const other = await reopen();
        expect(await other.isStopped(key, 2 ** 52 - 1)).toBe(true);
        expect(await other.isStopped(key, 2 ** 52)).toBe(false);
      }));

    it('hold until the last millisecond of a day and not after', () =>
      withStops(async ({ stops }, clock) => {
        const key = conversation();
        await stops.request(key, 100);
        clock.nowMs = START_MS + DAY_MS - 1;
        expect(await stops.isStopped(key, 1)).toBe(true);
        clock.nowMs = START_MS + DAY_MS;
        expect(await stops.isStopped(key, 1)).toBe(false);
      }));

    it('obey a request with a lower id once the higher one has expired: ids start anew after a quiet week', () =>
      withStops(async ({ stops }, clock) => {
        const key = conversation();
        await stops.request(key, 1_000);
        clock.nowMs += DAY_MS;
        await stops.request(key, 100);
        expect(await stops.isStopped(key, 99)).toBe(true);
        expect(await stops.isStopped(key, 100)).toBe(false);
      }));

    it('answer like a list of all requests, whatever is asked, when and where', () =>
      withStops(({ stops, reopen }, clock) =>
        fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
            const keys = [conversation(), conversation()] as const;
            const others = await reopen();
            const asked: { key: string; id: number; atMs: number }[] = [];
            let lastId = 0;
            for (const { which, through, idGrowth, passesMs } of steps) {
              clock.nowMs += passesMs;
              lastId += idGrowth;
              const key = keys[which];
              await (through === 'one' ? stops : others).request(key, lastId);
              asked.push({ key, id: lastId, atMs: clock.nowMs });
              for (const known of keys) {
                for (const id of [0, lastId - 1, lastId]) {
                  const isStopped = asked.some(
                    (stop) => stop.key === known && stop.id > id && clock.nowMs < stop.atMs + DAY_MS,
                  );
                  expect(await stops.isStopped(known, id)).toBe(isStopped);
                }
              }
            }
          }),
          { numRuns: 25 },
        ),
      ));
  });
}

/** Ids grow as Telegram's do. */
const step = fc.record({
  which: fc.constantFrom(0 as const, 1 as const),
  through: fc.constantFrom('one', 'other'),
  idGrowth: fc.integer({ min: 1, max: 3 }),
  passesMs: fc.oneof(fc.nat({ max: 1_000 }), fc.nat({ max: DAY_MS }), fc.constant(DAY_MS)),
});

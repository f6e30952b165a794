import { SESSION_MAPPING_DAYS } from '@omnicloud/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionTable } from './session-table.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const LIFE_MS = SESSION_MAPPING_DAYS * DAY_MS;
const START_MS = Date.UTC(2026, 0, 1);
const FIRST = '0190c8a4-0000-4000-8000-000000000001';
const SECOND = '0190c8a4-0000-4000-8000-000000000002';

export interface OpenSessionTable {
  readonly table: SessionTable;
  readonly close: () => Promise<void>;
  /** Closes the table and opens the same one again; left out by an adapter that holds no connection of its own. */
  readonly reopen?: () => Promise<SessionTable>;
}

/** @param now milliseconds since 1970 */
export type OpenTable = (now: () => number) => Promise<OpenSessionTable>;

/**
 * What every adapter of the port promises, as vitest tests.
 * @param open opens an empty table that reads the time from the given clock alone.
 */
export function describeSessionTable(name: string, open: OpenTable): void {
  describe(`${name} as a session table`, () => {
    async function withTable(
      use: (opened: OpenSessionTable, clock: { nowMs: number }) => Promise<void>,
    ): Promise<void> {
      const clock = { nowMs: START_MS };
      const opened = await open(() => clock.nowMs);
      try {
        await use(opened, clock);
      } finally {
        await opened.close();
      }
    }

    it('knows nothing of a conversation that was never saved', () =>
      withTable(async ({ table }) => {
        await table.save('1:0', FIRST);
        expect(await table.find('1:7')).toBeUndefined();
      }));

    it('finds what was saved, with the time it was saved at', () =>
      withTable(async ({ table }, clock) => {
        await table.save('-1001234567890:42', FIRST);
        clock.nowMs += 1;
        expect(await table.find('-1001234567890:42')).toEqual({
          sessionId: FIRST,
          savedAt: new Date(START_MS),
        });
      }));

    it('finds a mapping until the last millisecond of its life and not after', () =>
      withTable(async ({ table }, clock) => {
        await table.save('1:0', FIRST);
        clock.nowMs = START_MS + LIFE_MS - 1;
        expect(await table.find('1:0')).toMatchObject({ sessionId: FIRST });
        clock.nowMs = START_MS + LIFE_MS;
        expect(await table.find('1:0')).toBeUndefined();
      }));

    it('starts the life of a mapping anew when it is saved again', () =>
      withTable(async ({ table }, clock) => {
        await table.save('1:0', FIRST);
        clock.nowMs += LIFE_MS - 1;
        await table.save('1:0', FIRST);
        clock.nowMs += LIFE_MS - 1;
        expect(await table.find('1:0')).toMatchObject({ sessionId: FIRST });
      }));

    it('forgets a mapping, and does not mind when there is none', () =>
      withTable(async ({ table }) => {
        await table.save('1:0', FIRST);
        await table.save('1:7', SECOND);
        await table.forget('1:0');
        await table.forget('1:0');
        expect(await table.find('1:0')).toBeUndefined();
        expect(await table.find('1:7')).toMatchObject({ sessionId: SECOND });
      }));

    it('keeps what it was told when it is opened again', ({ skip }) =>
      withTable(async ({ table, reopen }) => {
        if (!reopen) skip('this adapter has nothing to reopen');
        await table.save('1:0', FIRST);
        await table.save('1:7', FIRST);
        await table.forget('1:7');
        const reopened = await reopen?.();
        expect(await reopened?.find('1:0')).toEqual({ sessionId: FIRST, savedAt: new Date(START_MS) });
        expect(await reopened?.find('1:7')).toBeUndefined();
      }));

    it('answers like a map with expiry, whatever is saved, forgotten and looked up in whatever order', () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), (steps) =>
          withTable(async ({ table }, clock) => {
            const model = new Map<string, { sessionId: string; savedAt: Date }>();
            for (const { kind, key, sessionId, passesMs } of steps) {
              clock.nowMs += passesMs;
              if (kind === 'save') {
                await table.save(key, sessionId);
                model.set(key, { sessionId, savedAt: new Date(clock.nowMs) });
              } else if (kind === 'forget') {
                await table.forget(key);
                model.delete(key);
              }
              for (const known of KEYS) {
                const expected = model.get(known);
                const isAlive = expected && clock.nowMs < expected.savedAt.getTime() + LIFE_MS;
                expect(await table.find(known)).toEqual(isAlive ? expected : undefined);
              }
            }
          }),
        ),
        { numRuns: 25 },
      ));
  });
}

const KEYS = ['1:0', '1:1', '11:0', '-1:1', '-1001234567890:4294967296'];

const step = fc.record({
  kind: fc.constantFrom('save', 'forget', 'wait'),
  key: fc.constantFrom(...KEYS),
  sessionId: fc.constantFrom(FIRST, SECOND),
  passesMs: fc.oneof(fc.nat({ max: 1_000 }), fc.nat({ max: 13 * DAY_MS }), fc.constant(LIFE_MS)),
});

import { SESSION_MAPPING_DAYS } from '../object-names.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Claim, SessionMapping, SessionTable } from './session-table.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const LIFE_MS = SESSION_MAPPING_DAYS * DAY_MS;
const START_MS = Date.UTC(2026, 0, 1);
const FIRST = '0190c8a4-0000-4000-8000-000000000001';
const SECOND = '0190c8a4-0000-4000-8000-000000000002';
const THIRD = '0190c8a4-0000-4000-8000-000000000003';
/** Of a run that found nothing when it began. */
const NEW: Claim = { fencingToken: 1, replaces: undefined };

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
        await table.save('1:0', FIRST, NEW);
        expect(await table.find('1:7')).toBeUndefined();
      }));

    it('finds what was saved, with the time it was saved at', () =>
      withTable(async ({ table }, clock) => {
        await table.save('-1001234567890:42', FIRST, NEW);
        clock.nowMs += 1;
        expect(await table.find('-1001234567890:42')).toEqual({
          sessionId: FIRST,
          savedAt: new Date(START_MS),
        });
      }));

    it('finds a mapping until the last millisecond of its life and not after', () =>
      withTable(async ({ table }, clock) => {
        await table.save('1:0', FIRST, NEW);
        clock.nowMs = START_MS + LIFE_MS - 1;
        expect(await table.find('1:0')).toMatchObject({ sessionId: FIRST });
        clock.nowMs = START_MS + LIFE_MS;
        expect(await table.find('1:0')).toBeUndefined();
      }));

    it('starts the life of a mapping anew when it is saved again', () =>
      withTable(async ({ table }, clock) => {
        await table.save('1:0', FIRST, NEW);
        clock.nowMs += LIFE_MS - 1;
        await table.save('1:0', FIRST, NEW);
        clock.nowMs += LIFE_MS - 1;
        expect(await table.find('1:0')).toMatchObject({ sessionId: FIRST });
      }));

    it('forgets a mapping, and does not mind when there is none', () =>
      withTable(async ({ table }) => {
        await table.save('1:0', FIRST, NEW);
        await table.save('1:7', SECOND, NEW);
        await table.forget('1:0', FIRST);
        await table.forget('1:0', FIRST);
        expect(await table.find('1:0')).toBeUndefined();
        expect(await table.find('1:7')).toMatchObject({ sessionId: SECOND });
      }));

    it('lets a conversation without a session go on with that of another one, for as long as that lives', () =>
      withTable(async ({ table }, clock) => {
        await table.save('-1:0', FIRST, { fencingToken: 7, replaces: undefined });
        clock.nowMs += 1;
        await table.inherit('-1001:0', '-1:0');
        await table.inherit('-1001:0', '-1:0');
        for (const key of ['-1:0', '-1001:0'])
          expect(await table.find(key)).toEqual({ sessionId: FIRST, savedAt: new Date(START_MS) });
        expect(await table.refresh('-1001:0', FIRST, 6)).toBe(false);
        clock.nowMs = START_MS + LIFE_MS;
        expect(await table.find('-1001:0')).toBeUndefined();
        await table.inherit('-1002:0', '-1:0');
        expect(await table.find('-1002:0')).toBeUndefined();
      }));

    it('lets no conversation inherit what is not there, or instead of what it has', () =>
      withTable(async ({ table }) => {
        await table.save('-1001:0', SECOND, NEW);
        await table.inherit('-1002:0', '-1:0');
        expect(await table.find('-1002:0')).toBeUndefined();
        await table.save('-1:0', FIRST, NEW);
        await table.inherit('-1001:0', '-1:0');
        expect(await table.find('-1001:0')).toMatchObject({ sessionId: SECOND });
      }));

    it('forgets no other session than the one that is to be left', () =>
      withTable(async ({ table }) => {
        await table.save('1:0', SECOND, NEW);
        await table.forget('1:0', FIRST);
        expect(await table.find('1:0')).toMatchObject({ sessionId: SECOND });
      }));

    it('keeps what it was told when it is opened again', ({ skip }) =>
      withTable(async ({ table, reopen }) => {
        if (!reopen) skip('this adapter has nothing to reopen');
        await table.save('1:0', FIRST, NEW);
        await table.save('1:7', FIRST, NEW);
        await table.forget('1:7', FIRST);
        const reopened = await reopen?.();
        expect(await reopened?.find('1:0')).toEqual({ sessionId: FIRST, savedAt: new Date(START_MS) });
        expect(await reopened?.find('1:7')).toBeUndefined();
      }));

    it('gives a conversation that has nothing to the first session alone, and says so', () =>
      withTable(async ({ table }, clock) => {
        expect(await table.save('1:0', FIRST, NEW)).toBe(true);
        clock.nowMs += 1;
        expect(await table.save('1:0', SECOND, NEW)).toBe(false);
        expect(await table.find('1:0')).toEqual({ sessionId: FIRST, savedAt: new Date(START_MS) });
        clock.nowMs = START_MS + LIFE_MS;
        expect(await table.save('1:0', SECOND, NEW)).toBe(true);
      }));

    it('replaces the very mapping that was found, and no later one', () =>
      withTable(async ({ table }, clock) => {
        await table.save('1:0', FIRST, NEW);
        const replaces = await table.find('1:0');
        expect(await table.save('1:0', SECOND, { fencingToken: 1, replaces })).toBe(true);
        expect(await table.save('1:0', THIRD, { fencingToken: 9, replaces })).toBe(false);
        expect(await table.find('1:0')).toMatchObject({ sessionId: SECOND });
        const found = await table.find('1:0');
        clock.nowMs += 1;
        expect(await table.refresh('1:0', SECOND, 1)).toBe(true);
        expect(await table.save('1:0', THIRD, { fencingToken: 9, replaces: found })).toBe(false);
      }));

    it('gives no session a conversation that was forgotten since it was found', () =>
      withTable(async ({ table }) => {
        await table.save('1:0', FIRST, NEW);
        const replaces = await table.find('1:0');
        await table.forget('1:0', FIRST);
        expect(await table.save('1:0', SECOND, { fencingToken: 1, replaces })).toBe(false);
        expect(await table.refresh('1:0', FIRST, 9)).toBe(false);
        expect(await table.find('1:0')).toBeUndefined();
      }));

    it('counts what was found as nothing once it has expired', () =>
      withTable(async ({ table }, clock) => {
        await table.save('1:0', FIRST, NEW);
        const replaces = await table.find('1:0');
        clock.nowMs += LIFE_MS;
        expect(await table.refresh('1:0', FIRST, 9)).toBe(false);
        expect(await table.save('1:0', SECOND, { fencingToken: 1, replaces })).toBe(true);
      }));

    it('lets a session save its mapping again, but not from a run that another one of it has overtaken', () =>
      withTable(async ({ table }, clock) => {
        await table.save('1:0', FIRST, { fencingToken: 7, replaces: undefined });
        clock.nowMs += 1;
        expect(await table.save('1:0', FIRST, { fencingToken: 6, replaces: undefined })).toBe(false);
        expect(await table.refresh('1:0', FIRST, 6)).toBe(false);
        expect(await table.find('1:0')).toMatchObject({ savedAt: new Date(START_MS) });
        expect(await table.save('1:0', FIRST, { fencingToken: 7, replaces: undefined })).toBe(true);
        expect(await table.refresh('1:0', FIRST, 8)).toBe(true);
        expect(await table.find('1:0')).toMatchObject({ savedAt: new Date(START_MS + 1) });
        expect(await table.refresh('1:0', FIRST, 7)).toBe(false);
      }));

    it('refreshes no mapping of another session and none that is not there', () =>
      withTable(async ({ table }) => {
        await table.save('1:0', FIRST, NEW);
        expect(await table.refresh('1:0', SECOND, 9)).toBe(false);
        expect(await table.refresh('1:7', FIRST, 9)).toBe(false);
        expect(await table.find('1:7')).toBeUndefined();
      }));

    it.each(['nothing', 'the same mapping'])('lets one of many win that replace %s at once', (what) =>
      withTable(async ({ table }, clock) => {
        if (what !== 'nothing') await table.save('1:0', SECOND, NEW);
        const replaces = await table.find('1:0');
        clock.nowMs += 1;
        const racers = Array.from({ length: 20 }, (_, index) => `${FIRST.slice(0, -2)}${10 + index}`);
        const results = await Promise.all(
          racers.map((id, index) => table.save('1:0', id, { fencingToken: index, replaces })),
        );
        const winners = racers.filter((_, index) => results[index]);
        expect(winners).toHaveLength(1);
        expect(await table.find('1:0')).toMatchObject({ sessionId: winners[0] });
      }),
    );

    it('answers like a map with expiry and tokens, whatever is saved, refreshed, forgotten and looked up in whatever order', () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), (steps) =>
          withTable(async ({ table }, clock) => {
            const model = new ModelTable();
            const seen = new Map<string, SessionMapping | undefined>();
            for (const { kind, key, from, sessionId, fencingToken, passesMs } of steps) {
              clock.nowMs += passesMs;
              const claim = { fencingToken, replaces: seen.get(key) };
              if (kind === 'look') seen.set(key, await table.find(key));
              else if (kind === 'save') {
                const isSaved = model.save(key, { sessionId, claim, nowMs: clock.nowMs });
                expect(await table.save(key, sessionId, claim)).toBe(isSaved);
              } else if (kind === 'refresh') {
                const isRefreshed = model.refresh(key, { sessionId, fencingToken, nowMs: clock.nowMs });
                expect(await table.refresh(key, sessionId, fencingToken)).toBe(isRefreshed);
              } else if (kind === 'inherit') {
                await table.inherit(key, from);
                model.inherit(key, from, clock.nowMs);
              } else if (kind === 'forget') {
                await table.forget(key, sessionId);
                model.forget(key, sessionId);
              }
              for (const known of KEYS) {
                expect(await table.find(known)).toEqual(model.find(known, clock.nowMs));
              }
            }
          }),
        ),
        { numRuns: 25 },
      ));
  });
}

const KEYS = ['1:0', '1:1', '-1001234567890:4294967296'];

const step = fc.record({
  kind: fc.constantFrom('save', 'look', 'refresh', 'inherit', 'forget', 'wait'),
  key: fc.constantFrom(...KEYS),
  /** Of whom it inherits. */
  from: fc.constantFrom(...KEYS),
  sessionId: fc.constantFrom(FIRST, SECOND),
  fencingToken: fc.integer({ min: 1, max: 3 }),
  passesMs: fc.oneof(
    fc.constant(0),
    fc.nat({ max: 1_000 }),
    fc.nat({ max: 13 * DAY_MS }),
    fc.constant(LIFE_MS),
  ),
});

/** The promise in a few lines. */
class ModelTable {
  readonly #mappings = new Map<string, SessionMapping & { fencingToken: number }>();

  find(key: string, nowMs: number): SessionMapping | undefined {
    const found = this.#alive(key, nowMs);
    return found && { sessionId: found.sessionId, savedAt: found.savedAt };
  }

  save(
    key: string,
    {
      sessionId,
      claim: { fencingToken, replaces },
      nowMs,
    }: { readonly sessionId: string; readonly claim: Claim; readonly nowMs: number },
  ): boolean {
    const current = this.#alive(key, nowMs);
    const expected = replaces && isAlive(replaces, nowMs) ? replaces : undefined;
    const isExpected =
      current?.sessionId === expected?.sessionId &&
      current?.savedAt.getTime() === expected?.savedAt.getTime();
    if (isExpected) this.#mappings.set(key, { sessionId, savedAt: new Date(nowMs), fencingToken });
    return isExpected || this.refresh(key, { sessionId, fencingToken, nowMs });
  }

  refresh(
    key: string,
    {
      sessionId,
      fencingToken,
      nowMs,
    }: { readonly sessionId: string; readonly fencingToken: number; readonly nowMs: number },
  ): boolean {
    const current = this.#alive(key, nowMs);
    if (current?.sessionId !== sessionId || current.fencingToken > fencingToken) return false;
    this.#mappings.set(key, { sessionId, savedAt: new Date(nowMs), fencingToken });
    return true;
  }

  inherit(key: string, from: string, nowMs: number): void {
    const inherited = this.#alive(from, nowMs);
    if (inherited && !this.#alive(key, nowMs)) this.#mappings.set(key, inherited);
  }

  forget(key: string, sessionId: string): void {
    if (this.#mappings.get(key)?.sessionId === sessionId) this.#mappings.delete(key);
  }

  #alive(key: string, nowMs: number): (SessionMapping & { fencingToken: number }) | undefined {
    const mapping = this.#mappings.get(key);
    return mapping && isAlive(mapping, nowMs) ? mapping : undefined;
  }
}

function isAlive({ savedAt }: SessionMapping, nowMs: number): boolean {
  return nowMs < savedAt.getTime() + LIFE_MS;
}

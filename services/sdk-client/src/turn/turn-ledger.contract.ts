import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoredTurnLedger } from './turn-ledger.ts';
import type { TurnRecord } from './turn-record.ts';
import { FULL_RECORDS, recordOf } from './turn.fixture.ts';

interface OpenLedger {
  ledger: StoredTurnLedger;
  /** The same ledger seen by another process. */
  reopen(): StoredTurnLedger;
  close(): Promise<void>;
}

/** What every adapter of `TurnLedger` and of `StoredTurnLedger` promises. */
export function describeTurnLedger(name: string, openLedger: () => Promise<OpenLedger>): void {
  describe(`${name} keeps the promises of a turn ledger`, () => {
    let open: OpenLedger;
    beforeEach(async () => {
      open = await openLedger();
    });
    afterEach(async () => {
      await open.close();
    });

    it('knows nothing of a turn that was never begun', async () => {
      expect(await open.ledger.find(1)).toBeUndefined();
    });

    it.each(FULL_RECORDS.map((full): [TurnRecord['state'], TurnRecord] => [full.state, full]))(
      'gives back the whole of what was saved last of a turn that is %s, also to another process',
      async (_, full) => {
        await open.ledger.save(1, recordOf());
        const record: TurnRecord = { ...full, version: 2 };
        expect(await open.ledger.save(1, record)).toBe(true);
        expect(await open.reopen().find(1)).toEqual(record);
      },
    );

    it('keeps turns apart', async () => {
      await open.ledger.save(1, recordOf({ state: 'delivered' }));
      await open.ledger.save(2, recordOf());
      expect((await open.ledger.find(1))?.state).toBe('delivered');
      expect(await open.ledger.find(2)).toEqual(recordOf());
    });

    it('takes a record only on top of the one before it', async () => {
      expect(await open.ledger.save(1, recordOf({ version: 2 }))).toBe(false);
      expect(await open.ledger.find(1)).toBeUndefined();
      expect(await open.ledger.save(1, recordOf({ delivery: 'one' }))).toBe(true);
      expect(await open.ledger.save(1, recordOf({ delivery: 'two' }))).toBe(false);
      expect(await open.ledger.save(1, recordOf({ version: 3 }))).toBe(false);
      expect(await open.reopen().save(1, recordOf({ version: 2, delivery: 'two' }))).toBe(true);
      expect(await open.ledger.save(1, recordOf({ version: 2, delivery: 'one' }))).toBe(false);
      expect((await open.ledger.find(1))?.delivery).toBe('two');
    });

    it('takes the very same record again: the answer to the first attempt may have been lost', async () => {
      expect(await open.ledger.save(1, recordOf())).toBe(true);
      expect(await open.reopen().save(1, recordOf())).toBe(true);
    });

    it('lets one of many that go on from the same record win', async () => {
      await open.ledger.save(1, recordOf());
      const deliveries = Array.from({ length: 8 }, (_, index) => `delivery ${index}`);
      const saves = deliveries.map((delivery) => open.reopen().save(1, recordOf({ version: 2, delivery })));
      const outcomes = await Promise.all(saves);
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect((await open.ledger.find(1))?.delivery).toBe(deliveries[outcomes.indexOf(true)]);
    });
  });
}

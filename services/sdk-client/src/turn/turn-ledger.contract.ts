import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TurnLedger } from './turn-ledger.ts';
import { recordOf } from './turn.fixture.ts';

interface OpenLedger {
  ledger: TurnLedger;
  /** The same ledger seen by another process. */
  reopen(): TurnLedger;
  close(): Promise<void>;
}

/** What every adapter of `TurnLedger` promises. */
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

    it('gives back what was saved last, also to another process', async () => {
      const posted = [{ messageId: 7, shown: '{"text":"über 🦊","entities":[]}' }];
      await open.ledger.save(1, recordOf());
      const record = recordOf({
        state: 'answered',
        version: 2,
        answer: '**Ja**, 你好\n',
        posted,
        sending: 1,
        undecidableSends: 3,
        deferrals: 2,
        paused: { text: 'Half', runs: 1 },
        leaves: '0190c8a4-0000-4000-8000-000000000001',
        isSessionLost: true,
        lostTurns: 2,
        merged: [{ updateId: 2, messageId: 43, text: 'und dies' }],
        mergedInto: 9,
      });
      expect(await open.ledger.save(1, record)).toBe(true);
      expect(await open.reopen().find(1)).toEqual(record);
    });

    it('keeps turns apart', async () => {
      await open.ledger.save(1, recordOf({ state: 'delivered', answer: 'one' }));
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

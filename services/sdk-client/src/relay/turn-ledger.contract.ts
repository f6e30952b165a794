import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TurnLedger } from './turn-ledger.ts';

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
      await open.ledger.save(1, { state: 'running', posted: [] });
      const record = {
        state: 'answered',
        answer: '**Ja**, 你好\n',
        posted,
        paused: { text: 'Half', runs: 1 },
      } as const;
      await open.ledger.save(1, record);
      expect(await open.reopen().find(1)).toEqual(record);
    });

    it('keeps turns apart', async () => {
      await open.ledger.save(1, { state: 'delivered', answer: 'one', posted: [] });
      await open.ledger.save(2, { state: 'running', posted: [] });
      expect((await open.ledger.find(1))?.state).toBe('delivered');
      expect(await open.ledger.find(2)).toEqual({ state: 'running', posted: [] });
    });
  });
}

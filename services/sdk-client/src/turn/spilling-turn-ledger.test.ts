import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RememberedRecords } from './spilled-records.fixture.ts';
import { SpillingTurnLedger } from './spilling-turn-ledger.ts';
import { SqliteTurnLedger } from './sqlite-turn-ledger.ts';
import { describeTurnLedger } from './turn-ledger.contract.ts';
import type { StoredTurnLedger, TurnLedger } from './turn-ledger.ts';
import { recordOf } from './turn.fixture.ts';

const ANSWER = '汉'.repeat(128_000);
const fail = (error: unknown): never => {
  throw error;
};

async function newLedger(): Promise<SqliteTurnLedger> {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  const ledger = new SqliteTurnLedger(directory);
  onTestFinished(async () => {
    ledger.close();
    await rm(directory, { recursive: true });
  });
  return ledger;
}

/** @returns what the ledger itself is given for a turn. */
async function inLedger(ledger: StoredTurnLedger, updateId: number): Promise<number> {
  return Buffer.byteLength(JSON.stringify(await ledger.find(updateId)));
}

describeTurnLedger('A ledger whose every record is too large', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  const ledger = new SqliteTurnLedger(directory);
  const records = new RememberedRecords();
  const open = (): TurnLedger =>
    new SpillingTurnLedger({ ledger, records, onLeftover: fail, largestBytes: 0 });
  return {
    ledger: open(),
    reopen: open,
    close: async () => {
      ledger.close();
      await rm(directory, { recursive: true });
    },
  };
});

describe('A record of any size', () => {
  it('is small in the ledger, whole for everybody, and leaves nothing behind when the turn is delivered', async () => {
    const ledger = await newLedger();
    const records = new RememberedRecords();
    const open = (): TurnLedger => new SpillingTurnLedger({ ledger, records, onLeftover: fail });
    const one = open();
    await one.save(1, recordOf());
    const merged = [{ updateId: 2, messageId: 3, text: '字'.repeat(60_000) }];
    const answered = recordOf({ state: 'answered', version: 2, answer: ANSWER, merged });
    expect(await one.save(1, answered)).toBe(true);
    expect(await inLedger(ledger, 1)).toBeLessThan(400);
    expect(await open().find(1)).toEqual(answered);
    const next = { ...answered, version: 3, posted: [{ messageId: 7, shown: 'the beginning' }] };
    const two = open();
    await two.find(1);
    expect(await two.save(1, next)).toBe(true);
    expect(records.objects.size).toBe(1);
    expect(await one.find(1)).toEqual(next);
    expect(await one.save(1, recordOf({ state: 'delivered', version: 4 }))).toBe(true);
    expect(records.objects.size).toBe(0);
  });

  it('stays what it was when its writer is killed before the ledger names the next one', async () => {
    const ledger = await newLedger();
    const records = new RememberedRecords();
    const answered = recordOf({ state: 'answered', answer: ANSWER });
    await new SpillingTurnLedger({ ledger, records, onLeftover: fail }).save(1, answered);
    const killed: StoredTurnLedger = {
      find: (updateId) => ledger.find(updateId),
      save: () => Promise.reject(new Error('Killed')),
    };
    const writer = new SpillingTurnLedger({ ledger: killed, records, onLeftover: fail });
    await writer.find(1);
    await expect(writer.save(1, { ...answered, version: 2 })).rejects.toThrow('Killed');
    expect(await new SpillingTurnLedger({ ledger, records, onLeftover: fail }).find(1)).toEqual(answered);
  });

  it('is not taken from the delivery that went on, by one that was overtaken', async () => {
    const ledger = await newLedger();
    const records = new RememberedRecords();
    const open = (): TurnLedger => new SpillingTurnLedger({ ledger, records, onLeftover: fail });
    const answered = recordOf({ state: 'answered', answer: ANSWER });
    const [frozen, other] = [open(), open()];
    await frozen.save(1, answered);
    await other.find(1);
    const ours = { ...answered, version: 2, delivery: 'other' };
    expect(await other.save(1, ours)).toBe(true);
    expect(await frozen.save(1, { ...answered, version: 2 })).toBe(false);
    expect(await open().find(1)).toEqual(ours);
    expect(records.objects.size).toBe(1);
  });

  it('that cannot be read is a failure that passes, and never no record', async () => {
    const ledger = await newLedger();
    const records = new RememberedRecords();
    const spilling = new SpillingTurnLedger({ ledger, records, onLeftover: fail });
    await spilling.save(1, recordOf({ state: 'answered', answer: ANSWER }));
    const [key = ''] = records.objects.keys();
    records.objects.set(key, Buffer.from('damaged'));
    await expect(spilling.find(1)).rejects.toMatchObject({ code: 'ledger_unavailable', retryable: true });
    records.objects.clear();
    await expect(spilling.find(1)).rejects.toMatchObject({ code: 'ledger_unavailable', retryable: true });
  });
});

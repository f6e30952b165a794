import { describe, expect, it } from 'vitest';
import { type TurnRecord, type TurnState, storedRecordSchema, turnRecordSchema } from './turn-record.ts';
import { TurnProgress } from './turn-progress.ts';
import type { TurnLedger } from './turn-ledger.ts';

const FILE = {
  file_id: '0190c8a4-0000-4000-8000-000000000000',
  name: 'a.md',
  size: 1,
  session_id: '0190c8a4-0000-4000-8000-000000000001',
};
const OUTAGE = { code: 'telegram_unavailable', waits: 2, isTold: true, isWaiting: true, receipt: 'one' };
const MERGED = [{ updateId: 2, messageId: 43, text: 'and this' }];

/** What version 0.1.0 wrote in every state. */
const COMMON = {
  version: 5,
  delivery: 'one',
  posted: [{ messageId: 7, shown: '' }],
  documents: [8],
  undecidableSends: 3,
  deferrals: 2,
  begun: 4,
};
/** All that version 0.1.0 let a record have in any state at all. */
const EVERYTHING = {
  ...COMMON,
  missing: [{ id: '42-0', name: 'b.pdf', reason: 'unavailable' }],
  answer: 'The answer',
  isAnswerAttached: true,
  isOutsideTopic: true,
  isKept: true,
  files: [FILE],
  filesDelivered: 1,
  sending: 1,
  paused: { text: 'Half', runs: 1 },
  outage: OUTAGE,
  leaves: 'a session',
  isSessionLost: true,
  lostTurns: 2,
  merged: MERGED,
  mergedInto: 9,
};
type Field = keyof typeof EVERYTHING;

/** What later steps of a turn in each state read, beside what all states have. */
const READ_LATER: Record<TurnState, readonly Field[]> = {
  running: [
    'missing',
    'isAnswerAttached',
    'files',
    'sending',
    'paused',
    'outage',
    'leaves',
    'isSessionLost',
    'lostTurns',
    'merged',
  ],
  merged: [
    'missing',
    'isAnswerAttached',
    'files',
    'sending',
    'paused',
    'outage',
    'isSessionLost',
    'lostTurns',
    'mergedInto',
  ],
  answered: [
    'answer',
    'isAnswerAttached',
    'isOutsideTopic',
    'isKept',
    'files',
    'filesDelivered',
    'sending',
    'outage',
    'isSessionLost',
    'lostTurns',
    'merged',
    'mergedInto',
  ],
  delivered: ['merged', 'mergedInto'],
};
const STATES = Object.keys(READ_LATER) as TurnState[];

/** A ledger that version 0.1.0 has written one record into, as JSON. */
class OldLedger implements TurnLedger {
  #json: string;

  constructor(record: object) {
    this.#json = JSON.stringify(record);
  }

  find(): Promise<TurnRecord> {
    return Promise.resolve(turnRecordSchema.parse(JSON.parse(this.#json)));
  }

  save(_: number, record: TurnRecord): Promise<boolean> {
    this.#json = JSON.stringify(record);
    return Promise.resolve(true);
  }
}

describe('A record that version 0.1.0 wrote', () => {
  it.each(STATES)(
    'is read when it is %s: later steps find all that they need, and what is surplus goes',
    (state) => {
      const kept = Object.fromEntries(READ_LATER[state].map((field) => [field, EVERYTHING[field]]));
      expect(turnRecordSchema.parse({ ...EVERYTHING, state })).toEqual({ ...COMMON, ...kept, state });
    },
  );

  it.each([
    ['running', {}],
    ['merged', { mergedInto: 6 }],
    ['answered', { answer: '' }],
    ['delivered', {}],
  ] as const)('is read when it is %s and has no more than it must', (state, needed) => {
    const counts = { version: 0, delivery: '', undecidableSends: 0, deferrals: 0 };
    expect(turnRecordSchema.parse({ state, posted: [], ...needed })).toEqual({
      ...counts,
      state,
      posted: [],
      ...needed,
    });
  });

  it.each(STATES)('is found where it lies outside the ledger, also when it is %s', (state) => {
    const counts = { version: 5, delivery: 'one', undecidableSends: 0, deferrals: 0 };
    const pointer = { state, ...counts, posted: [], spilledTo: 'turns/1/5-one.json.gz' };
    expect(storedRecordSchema.parse(pointer)).toEqual(pointer);
  });

  it.each([
    ['answered', { answer: undefined }],
    ['merged', { mergedInto: undefined }],
    ['elsewhere', {}],
    ['running', { deferrals: -1 }],
  ])('is refused when it is damaged: %s with %j', (state, changes) => {
    const damaged: unknown = JSON.parse(JSON.stringify({ ...EVERYTHING, state, ...changes }));
    expect(storedRecordSchema.safeParse(damaged).success).toBe(false);
  });
});

describe('A turn that version 0.1.0 began', () => {
  it('goes on from a pause: what was said and which files are missing is known, and a send without an end is counted', async () => {
    const { missing, paused, files, leaves, sending } = EVERYTHING;
    const ledger = new OldLedger({ ...COMMON, state: 'running', missing, paused, files, leaves, sending });
    let undecidable = 0;
    const progress = await TurnProgress.resume(ledger, 1, () => {
      undecidable += 1;
    });
    expect(undecidable).toBe(1);
    expect(progress).toMatchObject({ isFirst: false, isOver: false, answer: undefined });
    expect(progress).toMatchObject({ missing, paused, files, leaves, posted: COMMON.posted });
    await progress.saveAnswer('All of it', [{ ...FILE, name: 'b.md' }]);
    await progress.saveDelivered();
    expect(await ledger.find()).toMatchObject({ state: 'delivered', version: 8, documents: [8] });
  });

  it('goes on with the answer in the middle of its files, and waits no more', async () => {
    const { answer, files, filesDelivered, isAnswerAttached, isOutsideTopic } = EVERYTHING;
    const delivery = { answer, files: [...files, FILE], filesDelivered, isAnswerAttached, isOutsideTopic };
    const paused = { text: '', runs: 1 };
    const ledger = new OldLedger({ ...COMMON, state: 'answered', ...delivery, paused, outage: OUTAGE });
    const progress = await TurnProgress.resume(ledger, 1);
    expect(progress).toMatchObject({ ...delivery, outage: { ...OUTAGE, isWaiting: false } });
    expect(progress.deferrals - progress.pauses).toBe(OUTAGE.waits);
    await progress.saveFileDelivered(9);
    expect(await ledger.find()).toMatchObject({ filesDelivered: 2, documents: [8, 9] });
  });

  it('is answered by itself although it is marked as merged', async () => {
    const ledger = new OldLedger({ ...COMMON, state: 'merged', mergedInto: 9 });
    const progress = await TurnProgress.resume(ledger, 1);
    expect(progress.mergedInto).toBe(9);
    await progress.saveAnswer('By itself');
    expect(await ledger.find()).toMatchObject({ state: 'answered', answer: 'By itself', mergedInto: 9 });
  });

  it('stays over, and tells the later turns that it answered', async () => {
    const ledger = new OldLedger({ ...COMMON, state: 'delivered', merged: MERGED, filesDelivered: 1 });
    const progress = await TurnProgress.resume(ledger, 1);
    expect(progress).toMatchObject({ isOver: true, merged: MERGED, filesDelivered: 0 });
    expect(await ledger.find()).toMatchObject({ version: COMMON.version });
  });
});

import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TurnTakenOverError } from '../errors.ts';
import { recordOf } from './turn.fixture.ts';
import type { TurnLedger, TurnRecord } from './turn-ledger.ts';
import { TurnProgress } from './turn-progress.ts';

const UPDATE = 7;
const MERGED = recordOf({ state: 'merged', delivery: 'merged-into-6', mergedInto: 6 });
/** The states that follow one another, as docs/architecture.md draws them. */
const EDGES = [
  '[*] --> merged',
  '[*] --> running',
  'answered --> answered',
  'answered --> delivered',
  'merged --> answered',
  'merged --> delivered',
  'merged --> merged',
  'running --> answered',
  'running --> delivered',
  'running --> running',
];

/** Keeps every record it ever took. */
class RecordingLedger implements TurnLedger {
  readonly history: TurnRecord[] = [];

  find(): Promise<TurnRecord | undefined> {
    return Promise.resolve(this.history.at(-1));
  }

  save(_: number, record: TurnRecord): Promise<boolean> {
    if (record.version !== (this.history.at(-1)?.version ?? 0) + 1) return Promise.resolve(false);
    this.history.push(record);
    return Promise.resolve(true);
  }

  get edges(): string[] {
    return this.history.map(({ state }, at) => `${this.history[at - 1]?.state ?? '[*]'} --> ${state}`);
  }
}

const FILE = { file_id: '0190c8a4-0000-4000-8000-000000000000', name: 'a.md', size: 1, session_id: 'one' };

/** What a delivery may do with its turn. */
const STEPS = {
  send: (progress: TurnProgress) => progress.saveSending(progress.posted.length),
  posted: (progress: TurnProgress) =>
    progress.savePosted([...progress.posted, { messageId: progress.posted.length, shown: '' }]),
  paused: (progress: TurnProgress) => progress.savePaused('so far'),
  putOff: (progress: TurnProgress) => progress.saveDeferral(),
  answer: (progress: TurnProgress) => progress.saveAnswer('the answer', [FILE]),
  sendFile: (progress: TurnProgress) => progress.saveSendingFile(),
  fileSent: (progress: TurnProgress) => progress.saveFileDelivered(),
  sessionLost: (progress: TurnProgress) => progress.saveSessionLost(),
  repaired: (progress: TurnProgress) => progress.saveLostTurns((progress.lostTurns ?? -1) + 1),
  leave: (progress: TurnProgress) => progress.saveLeaving('session'),
  merge: (progress: TurnProgress) => progress.saveMerged([{ updateId: 8, messageId: 80, text: 'and this' }]),
  confirm: (progress: TurnProgress) => progress.confirm(),
  delivered: (progress: TurnProgress) => progress.saveDelivered(),
} as const;

const step = fc.record({
  /** Which of the deliveries that were begun acts. */
  delivery: fc.nat(4),
  what: fc.constantFrom(...(Object.keys(STEPS) as (keyof typeof STEPS)[]), 'redeliver' as const),
});
interface Step {
  readonly delivery: number;
  readonly what: keyof typeof STEPS | 'redeliver';
}

const only = (...what: Step['what'][]): Step[] => what.map((each) => ({ delivery: 0, what: each }));

it('However deliveries of one turn overlap, only the last one begun writes, and the turn goes the ways that are drawn', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps: Step[], isMerged) => {
      const ledger = new RecordingLedger();
      if (isMerged) ledger.history.push(MERGED);
      let undecidable = 0;
      const begin = (): Promise<TurnProgress> =>
        TurnProgress.resume(ledger, UPDATE, () => {
          undecidable += 1;
        });
      const deliveries = [await begin()];
      for (const { delivery, what } of steps) {
        if (what === 'redeliver') {
          deliveries.push(await begin());
          continue;
        }
        const index = delivery % deliveries.length;
        const writes = ledger.history.length;
        const actor = deliveries[index];
        if (!actor) throw new RangeError('There is no such delivery');
        // Who finds a turn delivered, or has delivered it, does nothing more.
        if (actor.isOver) continue;
        const acting = STEPS[what](actor);
        if (index === deliveries.length - 1) await acting;
        else {
          await expect(acting).rejects.toBeInstanceOf(TurnTakenOverError);
          expect(ledger.history).toHaveLength(writes);
        }
      }
      for (const edge of ledger.edges) seen.add(edge);
      const answered = ledger.history.findIndex(({ answer }) => answer !== undefined);
      const after = answered < 0 ? [] : ledger.history.slice(answered);
      expect(after.every(({ answer, state }) => answer !== undefined || state === 'delivered')).toBe(true);
      for (const [at, { lostTurns, paused, isSessionLost }] of ledger.history.entries()) {
        const before = ledger.history[at - 1];
        if (before?.lostTurns === undefined || lostTurns !== undefined) continue;
        // It is told by the text of a pause, or the conversation is gone altogether.
        const isTold = paused?.runs !== before.paused?.runs;
        expect(isTold || isSessionLost === true).toBe(true);
      }
      const last = ledger.history.at(-1);
      expect(last?.undecidableSends).toBe(undecidable);
      expect(last?.deferrals).toBe(
        ledger.history.filter(({ deferrals }, at) => deferrals > (ledger.history[at - 1]?.deferrals ?? 0))
          .length,
      );
    }),
    // Chance need not find each way within its runs.
    {
      examples: [false, true].flatMap((isMerged): [Step[], boolean][] => [
        [only('answer', 'posted', 'delivered'), isMerged],
        [only('delivered'), isMerged],
      ]),
    },
  );
  expect([...seen].sort()).toEqual(EDGES);
});

it('The drawing shows every way that a turn can go, and no other', async () => {
  const page = await readFile(new URL('../../../../docs/architecture.md', import.meta.url), 'utf8');
  const [, drawing = ''] =
    /## services\/sdk-client\/src\/relay[\s\S]*?stateDiagram-v2\n([\s\S]*?)```/.exec(page) ?? [];
  const drawn = Array.from(drawing.matchAll(/(\S+ --> \w+)/g), ([edge]) => edge);
  // The ends of all ways: nothing is written there.
  expect([...new Set(drawn)].sort()).toEqual(EDGES);
});

it('A send that was begun and not ended is counted once by whoever goes on, and a confirmed one never', async () => {
  const ledger = new RecordingLedger();
  const counted: number[] = [];
  const resume = (): Promise<TurnProgress> => TurnProgress.resume(ledger, UPDATE, () => counted.push(1));
  const first = await resume();
  await first.saveSending(0);
  await first.savePosted([{ messageId: 1, shown: '' }]);
  await first.saveSending(1);
  const second = await resume();
  expect(counted).toHaveLength(1);
  await second.confirm();
  await resume();
  expect(counted).toHaveLength(1);
  expect((await ledger.find())?.undecidableSends).toBe(1);
});

it('What is delivered is not taken up again', async () => {
  const ledger = new RecordingLedger();
  const first = await TurnProgress.resume(ledger, UPDATE);
  await first.saveAnswer('done');
  await first.saveDelivered();
  const writes = ledger.history.length;
  const second = await TurnProgress.resume(ledger, UPDATE);
  expect(second.isOver).toBe(true);
  expect(ledger.history).toHaveLength(writes);
});

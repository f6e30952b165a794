import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TurnStateError, TurnTakenOverError } from '../errors.ts';
import { recordOf } from './turn.fixture.ts';
import type { TurnRecord } from './turn-record.ts';
import { ALLOWED, OUTAGE, RecordingLedger, STEPS, UPDATE } from './turn-walk.fixture.ts';
import { TurnProgress } from './turn-progress.ts';

const MERGED = recordOf({ state: 'merged', delivery: 'merged-into-6', mergedInto: 6 });
/** The states that follow one another, as docs/architecture.md draws them. */
const EDGES = [
  '[*] --> answered',
  '[*] --> merged',
  '[*] --> running',
  'answered --> answered',
  'answered --> delivered',
  'merged --> answered',
  'merged --> merged',
  'running --> answered',
  'running --> delivered',
  'running --> running',
];

/** @returns what the record knows of losses that the user was not told of yet, and how many pauses could have told them. */
function lossesOf(record: TurnRecord | undefined): {
  lostTurns: number | undefined;
  runs: number | undefined;
  isSessionLost: boolean;
} {
  if (record === undefined || record.state === 'delivered')
    return { lostTurns: undefined, runs: undefined, isSessionLost: false };
  const { lostTurns, isSessionLost = false } = record;
  return {
    lostTurns,
    runs: record.state === 'answered' ? undefined : record.paused?.runs,
    isSessionLost,
  };
}

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
      /** What each delivery takes the turn's state for. */
      const states = [ledger.state];
      for (const { delivery, what } of steps) {
        if (what === 'redeliver') {
          deliveries.push(await begin());
          states.push(ledger.state);
          continue;
        }
        const index = delivery % deliveries.length;
        const writes = ledger.history.length;
        const actor = deliveries[index];
        if (!actor) throw new RangeError('There is no such delivery');
        // Who finds a turn delivered, or has delivered it, does nothing more.
        if (actor.isOver) continue;
        // A handed-on answer is written for another turn, after a step that an overtaken delivery does not get through.
        if (what === 'handOn' && index < deliveries.length - 1) continue;
        const acting = STEPS[what](actor);
        if (!ALLOWED[what].some((state) => state === states[index])) {
          await expect(acting).rejects.toBeInstanceOf(TurnStateError);
          expect(ledger.history).toHaveLength(writes);
        } else if (index === deliveries.length - 1) {
          await acting;
          states[index] = ledger.state;
        } else {
          await expect(acting).rejects.toBeInstanceOf(TurnTakenOverError);
          expect(ledger.history).toHaveLength(writes);
        }
      }
      for (const edge of ledger.edges) seen.add(edge);
      const answered = ledger.history.findIndex(({ state }) => state === 'answered');
      const after = answered < 0 ? [] : ledger.history.slice(answered);
      expect(after.every(({ state }) => state === 'answered' || state === 'delivered')).toBe(true);
      for (const [at, record] of ledger.history.entries()) {
        // A turn that is over tells nothing more.
        if (record.state === 'delivered') continue;
        const { lostTurns, runs, isSessionLost } = lossesOf(record);
        const before = lossesOf(ledger.history[at - 1]);
        if (before.lostTurns === undefined || lostTurns !== undefined) continue;
        // It is told by the text of a pause, or the conversation is gone altogether.
        expect(runs !== before.runs || isSessionLost).toBe(true);
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
        [only('answer', 'kept', 'handOn', 'handOn', 'delivered'), isMerged],
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

it('A turn that is given up has all tries before it again; one whose answer is known is not given up', async () => {
  const ledger = new RecordingLedger();
  const progress = await TurnProgress.resume(ledger, UPDATE);
  await progress.saveOutage(OUTAGE);
  await progress.saveGivenUp();
  expect(ledger.history.at(-1)).toMatchObject({ state: 'running', deferrals: 0, begun: 0 });
  expect(ledger.history.at(-1)).not.toHaveProperty('outage');
  await progress.saveAnswer('the answer');
  await expect(progress.saveGivenUp()).rejects.toMatchObject({ code: 'turn_state', retryable: false });
  expect(ledger.state).toBe('answered');
});

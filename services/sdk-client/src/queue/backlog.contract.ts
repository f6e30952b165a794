import { groupOf, type Turn } from '@omnicloud/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Backlog, MAX_BACKLOG } from './backlog.ts';
import { OTHER_CHAT, sampleTurn, TO_HELP } from './sample-turn.fixture.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const START_MS = Date.UTC(2026, 0, 1);
const GROUP = groupOf(sampleTurn(1));

export interface OpenBacklog {
  readonly backlog: Backlog;
  /** The same backlog seen by another process; it is closed together with the first. */
  readonly reopen: () => Backlog;
  readonly close: () => Promise<void>;
}

/**
 * What every adapter of the port promises, as vitest tests.
 * @param openBacklog opens an empty one that reads the time, in ms since 1970, from the given clock alone.
 */
export function describeBacklog(
  name: string,
  openBacklog: (now: () => number) => Promise<OpenBacklog>,
): void {
  describe(`${name} as a backlog`, () => {
    let open: OpenBacklog;
    let nowMs: number;
    beforeEach(async () => {
      nowMs = START_MS;
      open = await openBacklog(() => nowMs);
    });
    afterEach(() => open.close());

    async function ids(group = GROUP): Promise<number[]> {
      return (await open.backlog.list(group)).map(({ turn }) => turn.update_id);
    }

    it('is empty where nothing was added', async () => {
      expect(await ids()).toEqual([]);
    });

    it('lists turns in the order they were added, whatever their ids and at whatever time, with how many were before', async () => {
      for (const id of [30, 10, 20]) await open.backlog.add(sampleTurn(id));
      nowMs -= 1_000;
      await open.backlog.add(sampleTurn(5));
      expect(await open.reopen().list(GROUP)).toEqual([
        { turn: sampleTurn(30), behind: 0 },
        { turn: sampleTurn(10), behind: 1 },
        { turn: sampleTurn(20), behind: 2 },
        { turn: sampleTurn(5), behind: 3 },
      ]);
    });

    it('takes a turn once, and leaves it in its place when it comes again', async () => {
      for (const id of [1, 2, 1]) await open.backlog.add(sampleTurn(id));
      await open.backlog.remove(GROUP, [2]);
      await open.reopen().add(sampleTurn(1));
      expect(await open.backlog.list(GROUP)).toEqual([{ turn: sampleTurn(1), behind: 0 }]);
    });

    it('keeps groups apart, that of the commands which do not wait too', async () => {
      const others = [sampleTurn(2, OTHER_CHAT), sampleTurn(3, TO_HELP)];
      for (const turn of [sampleTurn(1), ...others]) await open.backlog.add(turn);
      for (const turn of others) {
        expect(await open.backlog.list(groupOf(turn))).toEqual([{ turn, behind: 0 }]);
      }
      await open.backlog.remove(groupOf(sampleTurn(2, OTHER_CHAT)), [1]);
      expect(await ids()).toEqual([1]);
    });

    it('removes what it is told to, passes over what is unknown, and what stays keeps its count', async () => {
      await open.backlog.remove(GROUP, [1]);
      for (const id of [1, 2, 3, 4]) await open.backlog.add(sampleTurn(id));
      await open.backlog.remove(GROUP, []);
      await open.reopen().remove(GROUP, [3, 1, 3, 99]);
      await open.backlog.add(sampleTurn(5));
      expect((await open.backlog.list(GROUP)).map(({ turn, behind }) => [turn.update_id, behind])).toEqual([
        [2, 1],
        [4, 3],
        [5, 2],
      ]);
      await open.backlog.remove(GROUP, [2, 4, 5]);
      expect(await ids()).toEqual([]);
    });

    it('takes a turn again after it was removed, at the end', async () => {
      for (const id of [1, 2]) await open.backlog.add(sampleTurn(id));
      await open.backlog.remove(GROUP, [1]);
      await open.backlog.add(sampleTurn(1));
      expect(await ids()).toEqual([2, 1]);
    });

    it('forgets a turn 24 hours after it was added, and does not count it any more', async () => {
      await open.backlog.add(sampleTurn(1));
      nowMs += DAY_MS - 1;
      await open.backlog.add(sampleTurn(2));
      expect(await ids()).toEqual([1, 2]);
      nowMs += 1;
      expect(await ids()).toEqual([2]);
      await open.backlog.add(sampleTurn(3));
      await open.backlog.add(sampleTurn(1));
      expect((await open.backlog.list(GROUP)).map(({ turn, behind }) => [turn.update_id, behind])).toEqual([
        [2, 1],
        [3, 1],
        [1, 2],
      ]);
    });

    it('leaves out what is more than it keeps in view, until there is room again', async () => {
      const expected = Array.from({ length: MAX_BACKLOG }, (_, index) => index + 1);
      for (const id of [...expected, 1_000]) await open.backlog.add(sampleTurn(id));
      expect(await ids()).toEqual(expected);
      await open.backlog.remove(GROUP, expected);
      await open.backlog.add(sampleTurn(1_001));
      expect(await ids()).toEqual([1_001]);
    });

    it('loses none of those that several processes add while another one removes', async () => {
      const other = open.reopen();
      for (const id of [101, 102, 103]) await open.backlog.add(sampleTurn(id));
      await Promise.all([
        ...Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? open.backlog : other).add(sampleTurn(index)),
        ),
        open.backlog.remove(GROUP, [101]),
        other.remove(GROUP, [102, 103]),
      ]);
      expect((await ids()).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, index) => index),
      );
    });

    it('gives back every text as it was, up to the highest id', () =>
      fc.assert(
        fc.asyncProperty(
          fc.string({ unit: 'binary', minLength: 1 }),
          fc.integer({ min: 0, max: 2 ** 52 }),
          async (text, id) => {
            const turn: Turn = sampleTurn(id, { ask: { kind: 'message', text } });
            await open.backlog.add(turn);
            expect(await open.backlog.list(GROUP)).toEqual([{ turn, behind: 0 }]);
            await open.backlog.remove(GROUP, [id]);
          },
        ),
        { numRuns: 25, examples: [['\u0000"\\\u2028\ud83e\udd8a\ud800', 2 ** 52]] },
      ));
  });
}

import { groupOf } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Backlog, BACKLOG_LIFE_MS, MAX_BACKLOG } from './backlog.ts';
import { OTHER_CHAT, sampleTurn, TO_HELP } from '../sample-turn.fixture.ts';

interface OpenBacklog {
  backlog: Backlog;
  /** The same backlog seen by another process. */
  reopen(): Backlog;
  close(): Promise<void>;
}

const GROUP = groupOf(sampleTurn(1));

/** No unit of UTF-16 is lost on its way through JSON and a database. */
const ODD_TEXTS = [
  '\0\u0001\u001F\u007F',
  '"\\\'`:#$%',
  '\r\n\u2028\u2029\uFEFF',
  '漢字 🦊 👨‍💻',
  '\uD83E x \uDD8A',
  '{"a":null}',
];

/** What every adapter of `Backlog` promises. */
export function describeBacklog(
  name: string,
  openBacklog: (now: () => number) => Promise<OpenBacklog>,
): void {
  describe(`${name} keeps the promises of a backlog`, () => {
    let open: OpenBacklog;
    let nowMs: number;
    beforeEach(async () => {
      nowMs = Date.UTC(2026, 0, 1);
      open = await openBacklog(() => nowMs);
    });
    afterEach(async () => {
      await open.close();
    });

    async function add(...updateIds: number[]): Promise<void> {
      for (const updateId of updateIds) await open.backlog.add(sampleTurn(updateId));
    }
    async function seen(group = GROUP): Promise<{ id: number; behind: number }[]> {
      const entries = await open.reopen().list(group);
      return entries.map(({ turn, behind }) => ({ id: turn.update_id, behind }));
    }

    it('shows nothing of a group that nothing was added to, and removes nothing from it', async () => {
      expect(await seen()).toEqual([]);
      await open.backlog.remove(GROUP, [1, 2]);
      await open.backlog.remove(GROUP, []);
      expect(await seen()).toEqual([]);
    });

    it('shows turns in the order they were added, at one moment too, also to another process', async () => {
      await add(7, 3, 10);
      expect(await open.reopen().list(GROUP)).toEqual([
        { turn: sampleTurn(7), behind: 0 },
        { turn: sampleTurn(3), behind: 1 },
        { turn: sampleTurn(10), behind: 2 },
      ]);
    });

    it('does not go by the clock, which another machine may have set back', async () => {
      await add(1);
      nowMs -= 60_000;
      await open.reopen().add(sampleTurn(2));
      expect(await seen()).toEqual([
        { id: 1, behind: 0 },
        { id: 2, behind: 1 },
      ]);
    });

    it('keeps the place of a turn that is added again', async () => {
      await add(1, 2);
      await open.reopen().add(sampleTurn(1));
      await add(2);
      expect(await seen()).toEqual([
        { id: 1, behind: 0 },
        { id: 2, behind: 1 },
      ]);
    });

    it('keeps groups apart', async () => {
      await add(1);
      const elsewhere = sampleTurn(2, OTHER_CHAT);
      const aside = sampleTurn(3, TO_HELP);
      for (const turn of [elsewhere, aside]) await open.backlog.add(turn);
      await open.backlog.remove(groupOf(elsewhere), [1]);
      expect(await seen()).toEqual([{ id: 1, behind: 0 }]);
      expect(await seen(groupOf(elsewhere))).toEqual([{ id: 2, behind: 0 }]);
      expect(await seen(groupOf(aside))).toEqual([{ id: 3, behind: 0 }]);
    });

    it('removes what it is told to and passes over the rest', async () => {
      await add(1, 2, 3, 4);
      await open.reopen().remove(GROUP, [3, 99, 1]);
      expect(await seen()).toEqual([
        { id: 2, behind: 1 },
        { id: 4, behind: 3 },
      ]);
      await add(5);
      expect((await seen()).at(-1)).toEqual({ id: 5, behind: 2 });
      await open.backlog.remove(GROUP, [2, 4, 5, 2]);
      await add(1);
      expect(await seen()).toEqual([{ id: 1, behind: 0 }]);
    });

    it('loses none of those that are added and removed at once', async () => {
      const before = Array.from({ length: 10 }, (_, index) => index + 1);
      await add(...before);
      const added = Array.from({ length: 20 }, (_, index) => index + 100);
      await Promise.all([
        ...added.map((updateId) => open.reopen().add(sampleTurn(updateId))),
        ...before.map((updateId) => open.reopen().remove(GROUP, [updateId])),
      ]);
      expect((await seen()).map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(added);
    });

    it('forgets a turn 24 hours after it was added, and not before', async () => {
      await add(1);
      nowMs += 1;
      await add(2);
      nowMs += BACKLOG_LIFE_MS - 2;
      expect((await seen()).map(({ id }) => id)).toEqual([1, 2]);
      nowMs += 1;
      expect((await seen()).map(({ id }) => id)).toEqual([2]);
      await add(3, 1);
      expect(await seen()).toEqual([
        { id: 2, behind: 1 },
        { id: 3, behind: 1 },
        { id: 1, behind: 2 },
      ]);
    });

    it('shows the first turns of very many, and none behind one that it does not show', async () => {
      const ids = Array.from({ length: MAX_BACKLOG + 2 }, (_, index) => index + 1);
      await add(...ids);
      expect((await seen()).map(({ id }) => id)).toEqual(ids.slice(0, MAX_BACKLOG));
      await open.backlog.remove(GROUP, [1, 2, 3]);
      await add(1_000);
      expect((await seen()).map(({ id }) => id)).toEqual(ids.slice(3, MAX_BACKLOG));
      await open.backlog.remove(GROUP, ids);
      expect(await seen()).toEqual([{ id: 1_000, behind: MAX_BACKLOG - 1 }]);
      // Each is a call of its own to the store.
    }, 300_000);

    it.each(ODD_TEXTS)('gives back a turn as it was: %j', async (text) => {
      const turn = { ...sampleTurn(1, { ask: { kind: 'message', text } }), chat_title: text };
      await open.backlog.add(turn);
      expect(await open.reopen().list(GROUP)).toEqual([{ turn, behind: 0 }]);
    });
  });
}

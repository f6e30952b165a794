import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FairShare, type GiveBack } from './fair-share.ts';

const ALIVE = new AbortController().signal;

it('leaves something for a newcomer, whatever the others take and give back', () => {
  const step = fc.record({
    holder: fc.nat({ max: 9 }),
    amount: fc.integer({ min: 1, max: 40 }),
    gives: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const share = new FairShare(100, 48);
      const holders = Array.from({ length: 10 }, () => ({ taken: [] as [number, GiveBack][] }));
      for (const { holder, amount, gives } of steps) {
        const one = holders[holder];
        const giveBack = gives ? undefined : share.tryTake(one ?? {}, amount);
        if (giveBack) one?.taken.push([amount, giveBack]);
        else one?.taken.shift()?.[1]();
      }
      const sums = holders.map(({ taken }) => taken.reduce((sum, [amount]) => sum + amount, 0));
      expect(share.held).toBe(sums.reduce((a, b) => a + b, 0));
      expect(Math.max(...sums)).toBeLessThanOrEqual(48);
      // Ten holders leave at least an eleventh; half of that is a newcomer's.
      const newcomer = share.tryTake({}, 4);
      expect(newcomer).toBeDefined();
      newcomer?.();
    }),
  );
});

it('lets who waits have it as soon as it is there, and gives it back once', async () => {
  const share = new FairShare(100, 48);
  const [one, other] = [{}, {}];
  const giveBack = share.tryTake(one, 48);
  expect(share.tryTake(one, 1)).toBeUndefined();
  const waiting = share.take(other, 30, ALIVE);
  giveBack?.();
  giveBack?.();
  await waiting;
  expect(share.held).toBe(30);
});

it('takes nothing for who gives up waiting', async () => {
  const share = new FairShare(100, 48);
  share.tryTake({}, 48);
  const gone = new AbortController();
  const waiting = share.take({}, 40, gone.signal);
  gone.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  expect(share.held).toBe(48);
});

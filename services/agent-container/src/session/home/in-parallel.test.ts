import { expect, it } from 'vitest';
import { inParallel } from './in-parallel.ts';

it('Results come in the order of the items, whichever is done first', async () => {
  const gates = Array.from({ length: 3 }, () => Promise.withResolvers<undefined>());
  const done = inParallel([0, 1, 2], async (n) => {
    await gates[n]?.promise;
    return n * 10;
  });
  for (const gate of gates.reverse()) gate.resolve(undefined);
  expect(await done).toEqual([0, 10, 20]);
});

it('When one fails, no other is begun, and none is under way any more', async () => {
  const begun: number[] = [];
  let underWay = 0;
  const slow = Promise.withResolvers<undefined>();
  const done = inParallel(Array.from({ length: 100 }).keys(), async (n) => {
    begun.push(n);
    underWay += 1;
    try {
      if (n === 3) throw new Error('The fourth fails');
      await slow.promise;
    } finally {
      underWay -= 1;
    }
  });
  const failed = expect(done).rejects.toThrow('The fourth fails');
  slow.resolve(undefined);
  await failed;
  expect(underWay).toBe(0);
  expect(begun.length).toBeLessThan(100);
});

import { expect, it } from 'vitest';
import { type PlannedBlow, planBlows } from './blows.ts';
import { Random } from './random.ts';

const PROCESSES = ['webhook', 'agent-1', 'agent-2', 'worker-1', 'worker-2'];

function blowsOf(seed: string, count: number): PlannedBlow[] {
  const plan = planBlows(PROCESSES, new Random(seed));
  return Array.from({ length: count }, () => plan.next().value);
}

it('What a seed decides of an occurrence does not depend on what else occurred, and when', () => {
  const calm = new Random('a');
  const first = calm.occurrence('send').next();
  const second = calm.occurrence('send').next();
  const busy = new Random('a');
  busy.next();
  busy.occurrence('edit').next();
  expect(busy.occurrence('send').next()).toBe(first);
  busy.occurrence('edit');
  expect(busy.occurrence('send').next()).toBe(second);
  expect(second).not.toBe(first);
  expect(new Random('b').occurrence('send').next()).not.toBe(first);
});

it('A seed decides who is hit, how and when', () => {
  expect(blowsOf('a', 60)).toEqual(blowsOf('a', 60));
  expect(blowsOf('a', 60)).not.toEqual(blowsOf('b', 60));
});

it('In every round each process is killed and frozen', () => {
  const round = PROCESSES.length * 3;
  for (const seed of ['a', 'b', 'c']) {
    const blows = blowsOf(seed, 2 * round);
    for (const some of [blows.slice(0, round), blows.slice(round)])
      for (const process of PROCESSES)
        expect(
          some
            .filter((blow) => blow.process === process)
            .map(({ kind }) => kind)
            .sort(),
        ).toEqual(['freeze', 'kill', 'kill']);
  }
});

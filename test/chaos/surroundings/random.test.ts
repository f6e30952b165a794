import { expect, it } from 'vitest';
import { EVERYTHING, type PlannedBlow, planBlows } from '../harm/blows.ts';
import { Random } from './random.ts';

const PROCESSES = ['webhook', 'agent-1', 'agent-2', 'worker-1', 'worker-2'];

function blowsOf(seed: string, count: number): PlannedBlow[] {
  const plan = planBlows(PROCESSES, { min: 1_500, max: 5_500 }, new Random(seed));
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

it('In every round each process is killed and frozen, and once everything is killed', () => {
  const round = PROCESSES.length * 3 + 1;
  for (const seed of ['a', 'b', 'c']) {
    const blows = blowsOf(seed, 2 * round);
    for (const some of [blows.slice(0, round), blows.slice(round)]) {
      expect(some.filter(({ process, kind }) => process === EVERYTHING && kind === 'kill')).toHaveLength(1);
      for (const process of PROCESSES)
        expect(
          some
            .filter((blow) => blow.process === process)
            .map(({ kind }) => kind)
            .sort(),
        ).toEqual(['freeze', 'kill', 'kill']);
    }
  }
});

it('The first blows are of every kind', () => {
  const tiers = ['agent', 'webhook', 'worker'];
  for (const seed of ['a', 'b', 'c']) {
    const kinds = blowsOf(seed, tiers.length * 2 + 1).map(
      ({ process, kind }) => `${kind} ${process.split('-')[0]}`,
    );
    const all = tiers.flatMap((tier) => [`kill ${tier}`, `freeze ${tier}`]);
    expect(kinds.sort()).toEqual([...all, `kill ${EVERYTHING}`].sort());
  }
});

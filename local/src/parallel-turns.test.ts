import { expect, it } from 'vitest';
import { parallelTurnsFor, thisMachine } from './parallel-turns.ts';

const GB = 1024 ** 3;

it.each([
  { memoryBytes: 8 * GB, cores: 2, turns: 8, why: 'four for each core' },
  { memoryBytes: 2 * GB, cores: 16, turns: 5, why: 'as many CLIs as the memory holds' },
  { memoryBytes: 0.25 * GB, cores: 1, turns: 1, why: 'never none' },
  { memoryBytes: 1024 * GB, cores: 128, turns: 64, why: 'never more than one process can look after' },
])(
  'runs $turns turns side by side with $cores cores and $memoryBytes bytes: $why',
  ({ turns, ...machine }) => {
    expect(parallelTurnsFor(machine)).toBe(turns);
  },
);

it('finds a usable number on this machine', () => {
  expect(parallelTurnsFor(thisMachine())).toBeGreaterThanOrEqual(1);
  expect(thisMachine().memoryBytes).toBeGreaterThan(0);
});

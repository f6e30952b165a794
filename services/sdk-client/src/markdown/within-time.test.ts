import { expect, it } from 'vitest';
import { withinTime } from './within-time.ts';

it('returns what the task returns, and throws what it throws', () => {
  expect(withinTime(() => 7, 60_000)).toEqual({ kind: 'done', value: 7 });
  const failure = new TypeError('a bug');
  expect(() =>
    withinTime(() => {
      throw failure;
    }, 60_000),
  ).toThrow(failure);
});

it.each<[string, () => unknown]>([
  [
    'a loop without an end',
    () => {
      for (;;);
    },
  ],
  ['a regular expression that backtracks for years', () => /^(a+)+$/.test(`${'a'.repeat(60)}!`)],
  [
    'an array that is shifted for hours',
    () => {
      const values: number[] = [];
      for (let count = 0; count < 1e9; count += 1) values.unshift(count);
    },
  ],
])('ends %s', (_name, task) => {
  expect(withinTime(task, 20)).toEqual({ kind: 'out_of_time' });
  expect(withinTime(() => 'as before', 60_000)).toEqual({ kind: 'done', value: 'as before' });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { retryDelayMs } from './retry-delay.ts';

it('waits 1 s, 4 s and 16 s after the first three tries', () => {
  expect([1, 2, 3].map((attempt) => retryDelayMs(attempt, 0.5))).toEqual([1_000, 4_000, 16_000]);
});

it('stays within 20 % of the delay and uses that range', () => {
  expect(retryDelayMs(1, 0)).toBeCloseTo(800);
  expect(retryDelayMs(1, 1)).toBeCloseTo(1_200);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), (attempt) => {
      const middle = retryDelayMs(attempt, 0.5);
      expect(Math.abs(retryDelayMs(attempt) - middle)).toBeLessThanOrEqual(0.2 * middle + 1e-6);
    }),
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryAfterMs, retryDelayMs } from './retry-delay.ts';

describe('retryDelayMs', () => {
  it('retries at once, then after 2, 4, 8 … s and never later than a minute', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8].map(retryDelayMs);
    expect(delays).toEqual([0, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    fc.assert(fc.property(fc.integer({ min: 7 }), (failures) => retryDelayMs(failures) === 60_000));
  });
});

describe('retryAfterMs', () => {
  it('reads seconds, up to an hour', () => {
    expect(['0', '7', ' 30 ', '86400'].map(retryAfterMs)).toEqual([0, 7000, 30_000, 3_600_000]);
  });

  it('ignores what is no number of seconds', () => {
    expect([null, '', '-1', '1.5', 'Wed, 21 Oct 2026 07:28:00 GMT'].map(retryAfterMs)).toEqual(
      Array(5).fill(undefined),
    );
  });
});

import { expect, it } from 'vitest';
import { CallPacer } from './call-pacer.ts';

it('lets no more calls begin than it was told, however they are asked for', () => {
  let nowMs = 0;
  const pacer = new CallPacer(10, () => nowMs);
  const begun = (): number => {
    let calls = 0;
    while (pacer.take()) calls += 1;
    return calls;
  };
  const first = begun();
  expect(first).toBeLessThanOrEqual(4);
  let calls = 0;
  for (; nowMs < 10_000; nowMs += 250) calls += begun();
  expect(calls).toBeGreaterThanOrEqual(95);
  expect(calls).toBeLessThanOrEqual(100);
  // A long silence is not made up for.
  nowMs += 60_000;
  expect(begun()).toBe(first);
});

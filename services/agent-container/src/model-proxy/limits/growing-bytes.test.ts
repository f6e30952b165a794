import fc from 'fast-check';
import { expect, it } from 'vitest';
import { GrowingBytes } from './growing-bytes.ts';

it('gives bytes back in the order in which they came, however they come and go', () => {
  const step = fc.record({ add: fc.uint8Array({ maxLength: 9_000 }), take: fc.nat({ max: 12_000 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const bytes = new GrowingBytes();
      let expected = Buffer.alloc(0);
      for (const { add, take } of steps) {
        bytes.add(add);
        expected = Buffer.concat([expected, add]);
        expect(bytes.peek(take).equals(expected.subarray(0, take))).toBe(true);
        expect(bytes.take(take).equals(expected.subarray(0, take))).toBe(true);
        expected = expected.subarray(take);
        expect(bytes.length).toBe(expected.length);
      }
    }),
    { numRuns: 200 },
  );
});

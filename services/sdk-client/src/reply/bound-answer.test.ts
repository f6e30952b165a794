import fc from 'fast-check';
import { expect, it } from 'vitest';
import { boundAnswer } from './bound-answer.ts';

it('leaves an answer that can be kept as it is', () => {
  const answer = 'é'.repeat(2_000_000);
  expect(boundAnswer(answer, '_cut_')).toBe(answer);
});

it('cuts a longer one between two characters and says so', () => {
  const property = fc.property(fc.constantFrom('a', 'é', '中', '😀'), fc.nat(4), (character, before) => {
    const bound = boundAnswer('-'.repeat(before) + character.repeat(4_100_000), '_cut_');
    expect(Buffer.byteLength(bound)).toBeLessThanOrEqual(4_000_000 + '\n\n_cut_'.length);
    expect(bound.endsWith('\n\n_cut_')).toBe(true);
    expect(bound.slice(before, -'\n\n_cut_'.length).replaceAll(character, '')).toBe('');
    expect(bound).not.toContain('\ufffd');
  });
  fc.assert(property, { numRuns: 20 });
});

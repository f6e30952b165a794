import { describe, expect, it } from 'vitest';
import { initials } from './avatar.ts';

describe('initials', () => {
  it.each([
    ['OmniCloud Agent', 'OA'],
    ['reading club of friends', 'RC'],
    ['“Quoted” (name)', 'QN'],
    ['读书会', '读'],
    ['👩‍👩‍👧 Family', '👩‍👩‍👧F'],
    ['  one  ', 'O'],
    ['My <b>Forum</b>', 'MB'],
    ['…', ''],
  ])('of %j are %j', (title, expected) => {
    expect(initials(title)).toBe(expected);
  });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { joinPieces } from './join-pieces.ts';

it.each([
  ['in a word', 'cut he', 're', 'cut here'],
  ['in a name with capitals', 'Type', 'Script', 'TypeScript'],
  ['in a sentence', 'First, ', 'second.', 'First, second.'],
  ['in Chinese', '你好。', '世界', '你好。世界'],
  ['in a code block', '```js\nfoo.', 'Bar()\n```', '```js\nfoo.Bar()\n```'],
  ['after a code block', '```\nx\n```\nIt ends.', 'Next one.', '```\nx\n```\nIt ends.\n\nNext one.'],
  ['between sentences', 'First half.', 'Second half.', 'First half.\n\nSecond half.'],
  ['between lines', 'First half.\n', 'Second half.', 'First half.\nSecond half.'],
  ['before a list', 'These:', '- one', 'These:\n\n- one'],
  ['in a number', 'version 2.', '5', 'version 2.5'],
  ['before anything', '', 'All', 'All'],
  ['behind everything', 'All', ' ', 'All'],
])('Two pieces cut %s are one text again', (_, first, second, whole) => {
  expect(joinPieces(first, second)).toBe(whole);
});

it('Nothing of either piece is lost, and both stand in their order', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (first, second) => {
      fc.pre(first.trim() !== '' && second.trim() !== '');
      const whole = joinPieces(first, second);
      expect(whole.startsWith(first) && whole.endsWith(second)).toBe(true);
      expect(['', '\n\n']).toContain(whole.slice(first.length, whole.length - second.length));
    }),
  );
});

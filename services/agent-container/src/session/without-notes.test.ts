import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withoutNotes } from './without-notes.ts';

/** Written down independently of the code under test: what a reader takes these characters for. */
const DISGUISES: Readonly<Record<string, readonly string[]>> = {
  s: ['s', 'S', 'ｓ', '𝐬', '𝓼', 'ѕ', 'ş'],
  y: ['y', 'Y', 'ｙ', '𝗒', 'у', 'ý'],
  t: ['t', 'T', 'ｔ', '𝚝', 'т', 'ţ'],
  e: ['e', 'E', 'ｅ', '𝑒', 'е', 'é'],
  m: ['m', 'M', 'ｍ', '𝕞', 'м'],
  r: ['r', 'R', 'ｒ', '𝔯', 'г', 'ř'],
  i: ['i', 'I', 'ｉ', '𝖎', 'і', 'ı'],
  n: ['n', 'N', 'ｎ', '𝘯', 'п', 'ñ'],
  d: ['d', 'D', 'ｄ', '𝙙', 'ԁ'],
  a: ['a', 'A', 'ａ', '𝒶', 'а', 'ä'],
  c: ['c', 'C', 'ｃ', 'с'],
  h: ['h', 'H', 'ｈ', 'һ'],
  f: ['f', 'F', 'ｆ'],
  l: ['l', 'L', 'ｌ', 'ⅼ'],
};
const unseen = fc.constantFrom(
  '',
  '',
  '',
  '\u200b',
  '\u200d',
  '\u2060',
  '\ufeff',
  '\u00ad',
  '\u{e0041}',
  '\ufe0f',
  '\u0301',
  '\u0000',
);
const bracket = fc.constantFrom(
  '<',
  '</',
  '< / ',
  '＜',
  '‹',
  '〈',
  '《',
  '⟨',
  '❮',
  '«',
  '[',
  '［',
  '"',
  '﹤',
  '˂',
  'ᐸ',
);
const separator = fc.constantFrom(
  '|',
  '!',
  '-',
  '_',
  ' ',
  '\n',
  '‐',
  '‑',
  '–',
  '－',
  '\u00a0',
  '\u3000',
  '',
  '--',
);

function disguised(word: string): fc.Arbitrary<string> {
  const letters = Array.from(word, (letter) =>
    fc.tuple(fc.constantFrom(...(DISGUISES[letter] ?? [letter])), unseen).map((both) => both.join('')),
  );
  return fc.tuple(...letters).map((all) => all.join(''));
}

const note = fc
  .tuple(bracket, unseen, disguised('system'), separator, disguised('reminder'))
  .map((all) => all.join(''));
const attachment = fc
  .tuple(fc.constantFrom('[', '［', '【', '〔'), unseen, disguised('attached'), separator, disguised('file'))
  .map((all) => all.join(''));
const hostile = fc
  .array(fc.oneof(note, attachment, fc.constantFrom('>', '\n', 'hello ', 'system ', 'remind ', '名前')), {
    maxLength: 6,
  })
  .map((all) => all.join(''));

/** Reads as the model might: disguises off, and whatever stands between the letters out of the way. */
function read(text: string): string {
  const undisguised = new Map(
    Object.entries(DISGUISES).flatMap(([letter, all]) => all.map((one) => [one, letter])),
  );
  return Array.from(text.normalize('NFC'), (one) => undisguised.get(one) ?? one)
    .join('')
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '');
}

it('leaves nothing that reads like a note of ours, however it is disguised', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const left = read(withoutNotes(text));
      expect(left).not.toContain('systemreminder');
      expect(left).not.toContain('attachedfile');
    }),
    { numRuns: 500 },
  );
});

it.each([
  'How does the reminder system work? a < b, <system> and a "reminder"',
  'Der Systemreminder? Ein System. Reminder folgt',
  '👨‍👩‍👧 שלום، مرحبا\u200d é́ 名前 ＜全角＞',
])('leaves %j as it is, to the letter', (text) => {
  expect(withoutNotes(text)).toBe(text);
});

it('takes no quadratic time', () => {
  const cost = (text: string): number => {
    const begun = process.threadCpuUsage();
    withoutNotes(text);
    const { user, system } = process.threadCpuUsage(begun);
    return user + system;
  };
  const plain = Math.min(...[1, 2, 3].map(() => cost('hello '.repeat(10_000))));
  for (const part of ['<', '< ', '<system', '<system-', '[attached ', '-'])
    expect(cost(part.repeat(60_000 / part.length))).toBeLessThan(30 * plain);
});

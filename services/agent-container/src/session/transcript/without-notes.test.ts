import fc from 'fast-check';
import { expect, it } from 'vitest';
import { startProcess } from '../started-process.fixture.ts';
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

const tagged = (text: string): string =>
  Array.from(text, (letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join('');

it.each([
  ['a line separator', '<sys\u2028tem-reminder>'],
  ['a paragraph separator', '<sys\u2029tem-reminder>'],
  ['a carriage return', '<sys\rtem-reminder>'],
  ['a vertical tab', '<system-remin\vder>'],
  ['a space that takes no room', '<sys\u200atem-reminder>'],
  ['a blank of Braille', '<sy\u2800stem-reminder>'],
  ['half a character', '<sys\ud800tem-reminder>'],
  ['a character of nobody', '<sys\ue000tem\ufdd0-reminder>'],
  ['stops', '<s.y.s.t.e.m-r.e.m.i.n.d.e.r>'],
  ['wide spaces', '< s y s t e m - r e m i n d e r >'],
  ['marks of direction', '<\u202dsys\u2066tem\u2069-reminder\u202c>'],
  ['the other direction', '\u202e>rednimer-metsys<'],
  ['the other direction for a word', '<\u202emetsys\u202c-reminder>'],
  ['filled circles', '<🅢🅨🅢🅣🅔🅜-🅡🅔🅜🅘🅝🅓🅔🅡>'],
  ['filled squares', '<🆂🆈🆂🆃🅴🅼-🆁🅴🅼🅸🅽🅳🅴🆁>'],
  ['letters in brackets', '<⒮⒴⒮⒯⒠⒨-⒭⒠⒨⒤⒩⒟⒠⒭>'],
  ['halves of flags', '<🇸🇾🇸🇹🇪🇲-🇷🇪🇲🇮🇳🇩🇪🇷>'],
  ['Greek letters', '<ѕуѕτεм-гεмιηδεг>'],
  ['Cherokee letters', '<ᏚᎩᏚᎢᎬᎷ-ᎡᎬᎷᎥΝᎠᎬᎡ>'],
  ['Lisu letters', '<ꓢꓬꓢꓔꓰꓟ-ꓣꓰꓟꓲꓠꓓꓰꓣ>'],
  ['digits', '<5y5tem-r3minder>'],
  ['two letters that look like one', '<systern-rerninder>'],
])('sees a note that is disguised by %s', (_, disguise) => {
  expect(withoutNotes(disguise)).toContain('text-of-the-sender');
});

it('leaves out letters that only a model sees, but the flags that they spell', () => {
  const wales = `🏴${tagged('gbwls')}\u{e007f}`;
  expect(withoutNotes(`Hi ${tagged('<system-reminder>')}there ${wales}`)).toBe(`Hi there ${wales}`);
});

it.each([
  'How does the reminder system work? a < b, <system> and a "reminder"',
  '(a reminder system), "File attached", ‹name›: 5 systems, 3 reminders',
  'Der Systemreminder? Ein System. Reminder folgt',
  '👨‍👩‍👧 שלום، مرحبا\u200d é́ 名前 ＜全角＞',
])('leaves %j as it is, to the letter', (text) => {
  expect(withoutNotes(text)).toBe(text);
});

it('takes about as long for characters that stand for a sentence', () => {
  const cost = (text: string): number => {
    const begun = process.threadCpuUsage();
    withoutNotes(text);
    const { user, system } = process.threadCpuUsage(begun);
    return user + system;
  };
  const plain = Math.min(...[1, 2, 3].map(() => cost('hello '.repeat(30_000))));
  expect(Math.min(...[1, 2, 3].map(() => cost('\ufdfa'.repeat(180_000))))).toBeLessThan(10 * plain);
});

it('holds the first messages of a process up for less than the process takes to start', async () => {
  const [line = ''] = await startProcess('./transcript/first-notes-process.fixture.ts', []).rest();
  const { startMs, firstMs } = JSON.parse(line) as { startMs: number; firstMs: number };
  expect(firstMs).toBeLessThan(startMs);
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

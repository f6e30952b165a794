// a member's text → what a reader would take it for → what looks like a note of ours is made harmless, the rest stays as it is

/** Letters that look like those of our notes, apart from what compatibility forms and case cover. `i` stands for `l` as well. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: 'аαɑᴀꭺꓮ4',
  c: 'сϲᴄꮯꓚ',
  d: 'ԁɗᴅժꓒꓓδđðꭰꮷ',
  e: 'еєҽε℮ᴇꬲꭼꓰɇ3',
  f: 'ꬵꜰքғϝꓝ',
  h: 'һհʜнꮋꓧħΗ',
  i: 'lіıɩιɪӏǀ1|!ⵏꭵꮮꓲꓡł',
  m: 'мᴍꮇꓟ',
  n: 'пռոηɴᴎꓠνИ',
  r: 'гʀꭇꭈᴦⲅꮁꭱꮢꓣɍ',
  s: 'ѕꜱꮪʂȿꓢ5',
  t: 'тτᴛꭲꓔŧ7',
  y: 'уүყγʏỿꮍꭹꓬɏυ',
};
/** The first letters of alphabets of 26 that have no compatibility form: filled circles and squares, and the halves of flags. */
const ALPHABETS = [0x1f1_50, 0x1f1_70, 0x1f1_e6];
const SKELETON = new Map([
  ...Object.entries(LOOKALIKES).flatMap(([letter, others]) =>
    Array.from(others, (other): [string, string] => [other, letter]),
  ),
  ...ALPHABETS.flatMap((first) =>
    Array.from('abcdefghijklmnopqrstuvwxyz', (letter, index): [string, string] => [
      String.fromCodePoint(first + index),
      letter === 'l' ? 'i' : letter,
    ]),
  ),
]);

/** What cannot be seen, and what is only put on top of another character. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{M}]/gu;

/** Letters of a separate, unseen alphabet that models read. They spell the flags of three countries, behind a black flag; else they are left out. */
const TAGS = /(\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{1,6}\u{e007f})|[\u{e0000}-\u{e007f}]/gu;

/** Stands for a letter that no word of ours has. */
const OTHER_LETTER = '#';
/** Stands for anything but a letter. */
const GAP = ' ';
/** Stands for the second UTF-16 code unit of such a character. */
const GAP_GOES_ON = '_';
/** Between the letters of a word: a few of anything but letters. */
const WITHIN = `(?:${GAP}${GAP_GOES_ON}?){0,3}`;
/** Between two words: anything but letters. A bar or another stroke is none, though it is taken for an `i`. */
const BETWEEN = `[${GAP}${GAP_GOES_ON}i]*`;
const word = (letters: string): string =>
  Array.from(letters, (letter) => (letter === 'm' ? `(?:m|r${WITHIN}n)` : letter)).join(WITHIN);
const oneOf = (...words: readonly string[]): string => `(?:${words.map(word).join('|')})`;

/**
 * A note's name, as `outlineOf` shows it; each of its words, or all of it, may be written from right to left. It has only a few ASCII characters: with
 * all letters of Unicode in each of its gaps, its first use would take seconds.
 */
const NAME = new RegExp(
  [
    `${oneOf('system', 'metsys')}${BETWEEN}(?<what>${oneOf('reminder', 'rednimer')})`,
    `(?<tahw>${word('rednimer')})${BETWEEN}${oneOf('metsys', 'system')}`,
    `(?<attached>${oneOf('attached', 'dehcatta')})${BETWEEN}${oneOf('fiie', 'eiif')}`,
    `${word('eiif')}${BETWEEN}(?<dehcatta>${word('dehcatta')})`,
  ].join('|'),
  'dg',
);
/** A letter that looks like an opening bracket. */
const BRACKET_LETTER = /[ᐸᚲᑀⵦ]/u;
const LETTER = /[\p{L}\p{N}]/u;
/** U+FEFF is white space to JavaScript alone; nobody sees it. */
const SPACE = /[^\S\ufeff]/u;
/** What is put in place of the word that makes it one. */
const HARMLESS = {
  what: 'text-of-the-sender',
  tahw: 'text-of-the-sender',
  attached: 'So-called',
  dehcatta: 'So-called',
} as const;
const WORDS = ['what', 'tahw', 'attached', 'dehcatta'] as const;

/** @returns the text with nothing in it that reads like a note of ours, however its letters are disguised; the rest is as it was. */
export function withoutNotes(given: string): string {
  const text = given.replaceAll(TAGS, '$1');
  const { skeleton, outline, starts } = skeletonOf(text);
  let result = '';
  let done = 0;
  for (const { index, indices } of outline.matchAll(NAME)) {
    if (!isBracketed(skeleton, index)) continue;
    for (const name of WORDS) {
      const [from, to] = indices?.groups?.[name] ?? [];
      if (from === undefined || to === undefined) continue;
      result += text.slice(done, starts[from]) + HARMLESS[name];
      // Up to the next character that is seen: what is unseen in between goes, too.
      done = starts[to] ?? text.length;
    }
  }
  return result + text.slice(done);
}

/** @returns whether there is more than white space between the name and the word before it: whatever kind of bracket that is. */
function isBracketed(skeleton: string, name: number): boolean {
  for (let index = name - 1; index >= 0; index -= 1) {
    const before = skeleton.charAt(index);
    if (BRACKET_LETTER.test(before)) return true;
    if (LETTER.test(before)) return false;
    if (!SPACE.test(before)) return true;
  }
  return false;
}

interface Skeleton {
  /** The text as a reader sees its letters. */
  readonly skeleton: string;
  /** The same in as many UTF-16 code units: the letters that a note's name may have, and what stands for all others. */
  readonly outline: string;
  /** Where in the text each of these code units comes from. */
  readonly starts: readonly number[];
}

function skeletonOf(text: string): Skeleton {
  const seen: string[] = [];
  const outlines: string[] = [];
  const starts: number[] = [];
  let index = 0;
  let length = 0;
  for (const character of text) {
    const { letters, outline } = lettersOf(character);
    while (starts.length < length + letters.length) starts.push(index);
    length += letters.length;
    seen.push(letters);
    outlines.push(outline);
    index += character.length;
  }
  return { skeleton: seen.join(''), outline: outlines.join(''), starts };
}

interface Letters {
  readonly letters: string;
  readonly outline: string;
}

/** What was found of a character is kept: a text of 200,000 would take a second otherwise. */
const KNOWN = new Map<string, Letters>();
const MOST_KNOWN = 20_000;
/** One character may stand for a sentence (U+FDFA); no such one is part of a note. */
const MOST_LETTERS = 4;

function lettersOf(character: string): Letters {
  const known = KNOWN.get(character);
  if (known !== undefined) return known;
  if (KNOWN.size >= MOST_KNOWN) KNOWN.clear();
  const letters = SPACE.test(character)
    ? // Line breaks are white space between words, and no control characters to be left out.
      ' '
    : Array.from(character.normalize('NFKD').replaceAll(UNSEEN, ''))
        .slice(0, MOST_LETTERS)
        .map((part) => SKELETON.get(part) ?? SKELETON.get(part.toLowerCase()) ?? part.toLowerCase())
        .join('');
  const found = { letters, outline: Array.from(letters, outlineOf).join('') };
  KNOWN.set(character, found);
  return found;
}

/** @returns what stands for a character in the outline, in as many UTF-16 code units. */
function outlineOf(character: string): string {
  if (/^[a-z]$/.test(character)) return character;
  if (LETTER.test(character)) return OTHER_LETTER.repeat(character.length);
  return GAP + GAP_GOES_ON.repeat(character.length - 1);
}

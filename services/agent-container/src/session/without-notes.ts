// a member's text → what a reader would take it for → what looks like a note of ours is made harmless, the rest stays as it is

/** Letters that look like those of our notes, apart from what compatibility forms and case cover. `i` stands for `l` as well. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: 'аαɑᴀꭺ',
  c: 'сϲᴄꮯ',
  d: 'ԁɗᴅժꓒ',
  e: 'еєҽε℮ᴇꬲ',
  f: 'ꬵꜰքғϝ',
  h: 'һհʜ',
  i: 'lіıɩιɪӏǀ1|!ⵏ',
  m: 'мᴍꮇ',
  n: 'поռηɴпᴎ',
  r: 'гʀꭇꭈᴦⲅꮁ',
  s: 'ѕꜱꮪʂȿ',
  t: 'тτᴛꭲ',
  y: 'уүყγʏỿ',
};
const SKELETON = new Map(
  Object.entries(LOOKALIKES).flatMap(([letter, others]) =>
    Array.from(others.replace('о', ''), (other): [string, string] => [other, letter]),
  ),
);

/** What cannot be seen, and what is only put on top of another character. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{M}]/gu;

/** A note's name; between its words there may be anything but letters. A bar or another stroke is none, though it is taken for an `i`. */
const NAME = /system(?:[^\p{L}\p{N}]|i)*(?<what>reminder)|(?<attached>attached)(?:[^\p{L}\p{N}]|i)*fiie/dgu;
/** A letter that looks like an opening bracket. */
const BRACKET_LETTER = /[ᐸᚲᑀⵦ]/u;
const LETTER = /[\p{L}\p{N}]/u;
/** U+FEFF is white space to JavaScript alone; nobody sees it. */
const SPACE = /[^\S\ufeff]/u;
/** What is put in place of the word that makes it one. */
const HARMLESS = { what: 'text-of-the-sender', attached: 'So-called' } as const;

/** @returns the text with nothing in it that reads like a note of ours, however its letters are disguised; the rest is as it was. */
export function withoutNotes(text: string): string {
  const { skeleton, starts } = skeletonOf(text);
  let result = '';
  let done = 0;
  for (const { index, indices } of skeleton.matchAll(NAME)) {
    if (!isBracketed(skeleton, index)) continue;
    for (const word of ['what', 'attached'] as const) {
      const [from, to] = indices?.groups?.[word] ?? [];
      if (from === undefined || to === undefined) continue;
      result += text.slice(done, starts[from]) + HARMLESS[word];
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

/** @returns the text as a reader sees its letters, and where in the text each UTF-16 code unit of that comes from. */
function skeletonOf(text: string): { skeleton: string; starts: number[] } {
  let skeleton = '';
  const starts: number[] = [];
  let index = 0;
  for (const character of text) {
    // Line breaks are white space between words, and no control characters to be left out.
    const seen = SPACE.test(character)
      ? ' '
      : Array.from(
          character.normalize('NFKD').replaceAll(UNSEEN, '').toLowerCase(),
          (part) => SKELETON.get(part) ?? part,
        ).join('');
    starts.push(...Array<number>(seen.length).fill(index));
    skeleton += seen;
    index += character.length;
  }
  return { skeleton, starts };
}

/** Line ends, other control characters and what turns the direction of writing around would make a name look like another. */
const MISLEADING = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** A longer text is shortened in its middle, in code points. */
const MAX_LENGTH = 120;

/** @returns the text without what would make it look like another one, and not too long. */
export function readable(text: string): string {
  const characters = Array.from(text.toWellFormed().replaceAll(MISLEADING, '\ufffd'));
  if (characters.length <= MAX_LENGTH) return characters.join('');
  const half = MAX_LENGTH / 2;
  return `${characters.slice(0, half).join('')}…${characters.slice(-half).join('')}`;
}

/** @returns a stranger's text as Markdown in which nothing of it is mark-up. */
export function codeSpan(text: string): string {
  return `\`${readable(text).replaceAll('`', "'")}\``;
}

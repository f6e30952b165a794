const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** @returns the text, or its first `maxLength` characters (as a reader counts them) and an ellipsis. */
export function cutText(text: string, maxLength: number): string {
  let count = 0;
  for (const { index } of characters.segment(text)) {
    if (count === maxLength) return `${text.slice(0, index)}…`;
    count += 1;
  }
  return text;
}

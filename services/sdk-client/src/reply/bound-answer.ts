/**
 * The longest answer that is kept, in bytes of UTF-8: a model writes a fourth of it at once, and with it a record still fits into an item
 * of the ledger, which may have 400 KB.
 */
const MAX_ANSWER_BYTES = 200_000;

/** The same in UTF-16 code units: no more of a growing answer is kept. */
export const MAX_ANSWER_LENGTH = MAX_ANSWER_BYTES;

/**
 * @param note Markdown that follows where the rest was left out
 * @returns the answer, cut between characters where it is longer than can be kept
 */
export function boundAnswer(markdown: string, note: string): string {
  const bytes = Buffer.from(markdown.slice(0, MAX_ANSWER_LENGTH + 1));
  if (bytes.byteLength <= MAX_ANSWER_BYTES) return markdown;
  let end = MAX_ANSWER_BYTES;
  while (isContinuation(bytes[end])) end -= 1;
  return `${bytes.subarray(0, end).toString()}\n\n${note}`;
}

/** Of a character that began before; RFC 3629. */
function isContinuation(byte = 0): boolean {
  return byte >= 0x80 && byte < 0xc0;
}

/**
 * The longest answer that is kept, in bytes of UTF-8. The answer of one run has 1 MiB characters at most, so this cuts only what many runs
 * said that reached their time limit, and what no model writes. Telegram takes a file of 50 MB.
 */
const MAX_ANSWER_BYTES = 4_000_000;

/** Of a growing answer no more is kept, in UTF-16 code units: its messages show far less. */
export const MAX_GROWING_LENGTH = 200_000;

/**
 * @param note Markdown that follows where the rest was left out
 * @returns the answer, cut between characters where it is longer than can be kept
 */
export function boundAnswer(markdown: string, note: string): string {
  const bytes = Buffer.from(markdown.slice(0, MAX_ANSWER_BYTES + 1));
  if (bytes.byteLength <= MAX_ANSWER_BYTES) return markdown;
  let end = MAX_ANSWER_BYTES;
  while (isContinuation(bytes[end])) end -= 1;
  return `${bytes.subarray(0, end).toString()}\n\n${note}`;
}

/** Of a character that began before; RFC 3629. */
function isContinuation(byte = 0): boolean {
  return byte >= 0x80 && byte < 0xc0;
}

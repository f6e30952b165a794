const LINE_FEED = 0x0a;

/**
 * Cuts a text after line feeds only, where neither a character nor a JSON value of a JSONL file can be cut in two. Nothing is copied:
 * a transcript of 100 MB is to be in memory once.
 * @param leastBytes of each piece but the last; single lines unless given.
 */
export function* linePieces(bytes: Uint8Array, leastBytes = 1): Generator<Buffer, void, undefined> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = 0; start < text.byteLength;) {
    const newline = text.indexOf(LINE_FEED, Math.min(start + leastBytes, text.byteLength) - 1);
    const end = newline === -1 ? text.byteLength : newline + 1;
    yield text.subarray(start, end);
    start = end;
  }
}

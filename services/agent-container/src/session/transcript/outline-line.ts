import { LINE_LIMIT_BYTES, MAX_DEPTH, MAX_LINE_VALUES, OUTLINE_LIMIT_BYTES } from './transcript-limits.ts';

/** Longer texts are left out of an outline; ids and types are shorter. In bytes, quotes included. */
const LONGEST_KEPT_BYTES = 130;

const [QUOTE, BACKSLASH, COMMA, COLON, SPACE] = [0x22, 0x5c, 0x2c, 0x3a, 0x20];
const [BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x7b, 0x7d, 0x5b, 0x5d];
const LETTER_U = 0x75;
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'));

/**
 * Reads a line of a transcript byte by byte, so that what it costs to parse is known before it is parsed.
 * @returns the same JSON with each long text empty, which is JSON exactly if the line is; `broken` when it cannot be JSON; `too_large`
 * when it is beyond a limit of one line.
 */
export function outlineLine(line: Buffer): { json: string } | 'broken' | 'too_large' {
  if (line.byteLength > LINE_LIMIT_BYTES) return 'too_large';
  const kept: Buffer[] = [];
  let keptTo = 0;
  let leftOutBytes = 0;
  let depth = 0;
  let values = 1;
  for (let at = 0; at < line.byteLength; at += 1) {
    const byte = line[at];
    if (byte === QUOTE) {
      const end = endOfText(line, at);
      if (end === undefined) return 'broken';
      if (end - at > LONGEST_KEPT_BYTES) {
        kept.push(line.subarray(keptTo, at + 1));
        keptTo = end - 1;
        leftOutBytes += end - at - 2;
      }
      at = end - 1;
    } else if (byte === BRACE || byte === BRACKET) {
      depth += 1;
      values += 1;
    } else if (byte === BRACE_END || byte === BRACKET_END) depth -= 1;
    else if (byte === COMMA) values += 1;
    if (depth > MAX_DEPTH || values > MAX_LINE_VALUES || at - leftOutBytes > OUTLINE_LIMIT_BYTES)
      return 'too_large';
  }
  if (kept.length === 0) return { json: line.toString('utf8') };
  return { json: Buffer.concat([...kept, line.subarray(keptTo)]).toString('utf8') };
}

/**
 * Gives an entry another parent. All else stays as it is, byte by byte; nothing is parsed or copied.
 * @param line an entry, so it is JSON.
 * @returns the line in pieces; as it was when its `parentUuid` is no text.
 */
export function withParent(line: Buffer, parentUuid: string | null): Buffer[] {
  let depth = 0;
  let isKeyNext = false;
  let place: { start: number; end: number } | undefined;
  for (let at = 0; at < line.byteLength; at += 1) {
    const byte = line[at];
    if (byte === QUOTE) {
      const end = endOfText(line, at) ?? line.byteLength;
      // As for whoever parses it, the last of several counts.
      if (isKeyNext && depth === 1 && isParentKey(line.subarray(at, end))) place = textAfter(line, end);
      isKeyNext = false;
      at = end - 1;
    } else if (byte === BRACE || byte === BRACKET) {
      depth += 1;
      isKeyNext = byte === BRACE;
    } else if (byte === BRACE_END || byte === BRACKET_END) depth -= 1;
    else if (byte === COMMA) isKeyNext = true;
  }
  if (!place) return [line];
  return [line.subarray(0, place.start), Buffer.from(JSON.stringify(parentUuid)), line.subarray(place.end)];
}

function isParentKey(key: Buffer): boolean {
  return key.byteLength <= LONGEST_KEPT_BYTES && JSON.parse(key.toString('utf8')) === 'parentUuid';
}

/** @returns where the text lies that follows a key. */
function textAfter(line: Buffer, keyEnd: number): { start: number; end: number } | undefined {
  let start = keyEnd;
  while ((line[start] ?? QUOTE) <= SPACE || line[start] === COLON) start += 1;
  const end = line[start] === QUOTE ? endOfText(line, start) : undefined;
  return end === undefined ? undefined : { start, end };
}

/** @returns where the text that begins at a quote has ended; undefined when it does not end, or is none that JSON knows. */
function endOfText(line: Buffer, start: number): number | undefined {
  for (let at = start + 1; at < line.byteLength; at += 1) {
    const byte = line[at] ?? 0;
    if (byte === QUOTE) return at + 1;
    if (byte < SPACE) return undefined;
    if (byte !== BACKSLASH) continue;
    at += 1;
    const escaped = line[at] ?? 0;
    if (ESCAPED.has(escaped)) continue;
    if (escaped !== LETTER_U) return undefined;
    for (const digitsEnd = at + 4; at < digitsEnd; at += 1)
      if (!isHexDigit(line[at + 1] ?? 0)) return undefined;
  }
  return undefined;
}

function isHexDigit(byte: number): boolean {
  const letter = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x66);
}

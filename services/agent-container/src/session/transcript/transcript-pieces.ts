// transcript → lines → an entry | nothing | whole entries cut out of it, and what is left as garbage
import { linePieces } from './line-pieces.ts';
import { isMessage, readLine, type TranscriptEntry } from './transcript-entry.ts';
import { LINE_LIMIT_BYTES, MAX_BLOCKS, MAX_DAMAGED_PIECES, MAX_LINES } from './transcript-limits.ts';

/** One line of the transcript, or a whole entry that was found within a damaged line. */
export interface Line {
  readonly bytes: Buffer;
  readonly entry: TranscriptEntry;
  readonly isCutOut: boolean;
}

/** Bytes that are no entry. */
export interface Garbage {
  readonly garbage: Buffer;
}

/** @returns what is in each line: an entry, nothing, or several pieces. What is beyond all limits is one piece of garbage. */
export function* piecesIn(jsonl: Uint8Array): Generator<(Line | Garbage)[], void, undefined> {
  let [lines, damaged, blocks, bytesRead] = [0, 0, 0, 0];
  for (const bytes of linePieces(jsonl)) {
    const pieces = isBlank(bytes, BLANK) ? [] : piecesOf(bytes);
    lines += Math.max(1, pieces.length);
    for (const piece of pieces) {
      if ('garbage' in piece) damaged += 1;
      else if (isMessage(piece.entry)) blocks += piece.entry.message.content.length;
    }
    if (lines > MAX_LINES || damaged > MAX_DAMAGED_PIECES || blocks > MAX_BLOCKS) {
      yield [
        { garbage: Buffer.from(jsonl.buffer, jsonl.byteOffset + bytesRead, jsonl.byteLength - bytesRead) },
      ];
      return;
    }
    yield pieces;
    bytesRead += bytes.byteLength;
  }
}

function piecesOf(bytes: Buffer): (Line | Garbage)[] {
  const read = readLine(bytes);
  if (read.kind === 'entry') return [{ bytes, entry: read.entry, isCutOut: false }];
  return bytes.byteLength > LINE_LIMIT_BYTES ? [{ garbage: bytes }] : cutOut(bytes);
}

/** What may stand in a line of its own, and what may stand before an entry, and says nothing. */
const BLANK = blankness(/^\s*$/);
const NOTHING = blankness(/^[\s\0\uFEFF]*$/);
/** A piece of more bytes than this says something, unless each of them is a space or a zero. */
const MOST_DECODED_BYTES = 4_096;

function blankness(text: RegExp): { text: RegExp; bytes: readonly boolean[] } {
  return { text, bytes: Array.from({ length: 0x80 }, (_, byte) => text.test(String.fromCharCode(byte))) };
}

function isBlank(piece: Buffer, { text, bytes }: ReturnType<typeof blankness>): boolean {
  if (piece.byteLength <= MOST_DECODED_BYTES) return text.test(piece.toString('utf8'));
  for (const byte of piece) if (bytes[byte] !== true) return false;
  return true;
}

/** Where an entry of the chain begins; within a text its quotes would be escaped. */
const ENTRY_BEGINS = Buffer.from('{"parentUuid":');
/** Entries that are looked for in one damaged line. */
const MAX_CUTS = 1_000;

/**
 * A process that died while it wrote leaves half a line, and the next one may write on behind it. A file system may leave zeros before an
 * entry.
 */
function cutOut(line: Buffer): (Line | Garbage)[] {
  const cuts = [0];
  for (let at = line.indexOf(ENTRY_BEGINS, 1); at !== -1; at = line.indexOf(ENTRY_BEGINS, at + 1)) {
    if (cuts.length > MAX_CUTS) break;
    cuts.push(at);
  }
  if (cuts.length === 1) return [{ garbage: line }];
  return cuts.flatMap((cut, index): (Line | Garbage)[] => {
    const bytes = line.subarray(cut, cuts[index + 1]);
    const read = readLine(bytes);
    if (read.kind === 'entry') return [{ bytes, entry: read.entry, isCutOut: true }];
    return isBlank(bytes, NOTHING) ? [] : [{ garbage: bytes }];
  });
}

/** What a piece of garbage says of its turn, it says where it begins or ends: before or after the words of the message. In bytes. */
const EXCERPT_BYTES = 64 * 1024;

export function excerptOf(garbage: Buffer): string {
  if (garbage.byteLength <= 2 * EXCERPT_BYTES) return garbage.toString('utf8');
  const [head, tail] = [garbage.subarray(0, EXCERPT_BYTES), garbage.subarray(-EXCERPT_BYTES)];
  return `${head.toString('utf8')}\n${tail.toString('utf8')}`;
}

// transcript → lines → readable? kept as it is | whole entries cut out of it | dropped → an entry whose parent is gone hangs on the one before it
import { linePieces } from './line-pieces.ts';
import { isMessage, parseEntry, type TranscriptEntry } from './transcript-entry.ts';
import { TranscriptTurns } from './transcript-turns.ts';

/** What a transcript is worth: all of it, what can still be read of it, or nothing. */
type Repair =
  | { readonly kind: 'sound' }
  | {
      readonly kind: 'repaired';
      /** Every entry that can be read, each on its line and hanging on one that is there. */
      readonly transcript: Uint8Array;
      /** Turns whose message or answer is not in it, as far as anything tells; 0 when only bookkeeping was lost. */
      readonly lostTurns: number;
    }
  | { readonly kind: 'beyond_repair' };

/** One line of the transcript, or a whole entry that was found within a damaged line. */
interface Line {
  readonly bytes: Buffer;
  readonly entry: TranscriptEntry;
  readonly isCutOut: boolean;
}

/** Text that is no entry. */
interface Garbage {
  readonly garbage: string;
}

/**
 * Judges a stored transcript, and keeps of a damaged one all that can be read. Two rules follow from what the CLI (2.1.330) does with such
 * a file when it resumes it:
 * - It goes from the last entry up by `parentUuid`. Where a parent is missing, everything before may be gone for the model, so such an
 *   entry is made to hang on the entry before it.
 * - It copes with a turn that has no end (no answer, a tool call without its result), and with an answer without words. So no turn
 *   is dropped because of its end.
 * @param jsonl the transcript, one entry a line. It is read line by line: decoded as a whole it would be in memory three times over.
 * @param savedTurns how many whole turns the conversation had when it was saved, if that is known: a clean cut leaves no other trace.
 */
export function repairTranscript(jsonl: Uint8Array, savedTurns?: number): Repair {
  const read = [...entriesOf(jsonl)];
  const lines = read.filter((piece) => 'entry' in piece);
  if (!lines.some(({ entry }) => isMessage(entry) && entry.isSidechain !== true))
    return { kind: 'beyond_repair' };
  const relinked = withParents(lines);
  const turns = new TranscriptTurns();
  if (relinked.isHeadless && !isGarbageFirst(read)) turns.lose('');
  for (const piece of read) {
    if ('entry' in piece) turns.read(piece.entry);
    else turns.lose(piece.garbage);
  }
  const isChanged =
    relinked.isChanged || lines.length < read.length || lines.some(({ isCutOut }) => isCutOut);
  if (!isChanged && turns.whole >= (savedTurns ?? 0)) return { kind: 'sound' };
  const transcript = isChanged ? Buffer.concat(relinked.lines.flatMap(lineOf)) : jsonl;
  return { kind: 'repaired', transcript, lostTurns: turns.lost(savedTurns) };
}

/** Whether what is missing before the first entry of the chain is there in pieces. */
function isGarbageFirst(read: readonly (Line | Garbage)[]): boolean {
  const first = read.findIndex((piece) => 'garbage' in piece || typeof piece.entry.uuid === 'string');
  const piece = read[first];
  return piece !== undefined && 'garbage' in piece;
}

/** @returns how many turns of a transcript have their message and its answer, as `savedTurns` of `repairTranscript` counts them. */
export function countTurns(jsonl: Uint8Array): number {
  const turns = new TranscriptTurns();
  for (const piece of entriesOf(jsonl)) if ('entry' in piece) turns.read(piece.entry);
  return turns.whole;
}

function* entriesOf(jsonl: Uint8Array): Generator<Line | Garbage, void, undefined> {
  for (const bytes of linePieces(jsonl)) {
    const text = bytes.toString('utf8');
    if (text.trim() === '') continue;
    const entry = parseEntry(text);
    if (entry) yield { bytes, entry, isCutOut: false };
    else yield* cutOut(text);
  }
}

/** What may stand before an entry and says nothing. */
const NOTHING = /^[\s\0\uFEFF]*$/;
/** Where an entry of the chain begins; within a text its quotes would be escaped. */
const ENTRY_BEGINS = /(?=\{"parentUuid":)/;

/**
 * A process that died while it wrote leaves half a line, and the next one may write on behind it. A file system may leave zeros before an
 * entry.
 */
function* cutOut(text: string): Generator<Line | Garbage, void, undefined> {
  for (const piece of text.split(ENTRY_BEGINS)) {
    const entry = piece === text ? undefined : parseEntry(piece);
    if (entry) yield { bytes: Buffer.from(piece), entry, isCutOut: true };
    else if (piece === text || !NOTHING.test(piece)) yield { garbage: piece };
  }
}

/** A parent may come after its child: the CLI reads the whole file before it follows the chain. */
function withParents(lines: readonly Line[]): { lines: Buffer[]; isChanged: boolean; isHeadless: boolean } {
  const known = new Set(lines.map(({ entry }) => entry.uuid));
  let before: string | null = null;
  let isChanged = false;
  let isHeadless = false;
  const relinked = lines.map(({ bytes, entry }) => {
    const { uuid, parentUuid, isSidechain } = entry;
    if (typeof uuid !== 'string' || isSidechain === true) return bytes;
    const parent = before;
    before = uuid;
    if (typeof parentUuid !== 'string' || known.has(parentUuid)) return bytes;
    isChanged = true;
    isHeadless ||= parent === null;
    const whole = JSON.parse(bytes.toString('utf8')) as object;
    return Buffer.from(JSON.stringify({ ...whole, parentUuid: parent }));
  });
  return { lines: relinked, isChanged, isHeadless };
}

const NEWLINE = Buffer.from('\n');

function lineOf(bytes: Buffer): Buffer[] {
  return bytes.at(-1) === NEWLINE[0] ? [bytes] : [bytes, NEWLINE];
}

// transcript → lines → readable? kept as it is | whole entries cut out of it | dropped → an entry whose parent is gone hangs on the one before it
import { atOnce } from '../store/in-slices.ts';
import { withParent } from './outline-line.ts';
import { isMessage } from './transcript-entry.ts';
import { excerptOf, type Garbage, type Line, piecesIn } from './transcript-pieces.ts';
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

/**
 * Judges a stored transcript, and keeps of a damaged one all that can be read. Two rules follow from what the CLI (2.1.330) does with such
 * a file when it resumes it:
 * - It goes from the last entry up by `parentUuid`. Where a parent is missing, everything before may be gone for the model, so such an
 *   entry is made to hang on the entry before it.
 * - It copes with a turn that has no end (no answer, a tool call without its result), and with an answer without words. So no turn
 *   is dropped because of its end.
 *
 * What is beyond a limit (`transcript-limits.ts`) is damage as well, and is neither decoded nor parsed nor copied.
 * @param jsonl the transcript, one entry a line. It is read line by line: decoded as a whole it would be in memory three times over.
 * @param savedTurns how many whole turns the conversation had when it was saved, if that is known: a clean cut leaves no other trace.
 */
export function* repairSteps(
  jsonl: Uint8Array,
  savedTurns?: number,
): Generator<undefined, Repair, undefined> {
  const read: (Line | Garbage)[] = [];
  for (const piece of piecesIn(jsonl)) {
    read.push(...piece);
    yield;
  }
  const lines = read.filter((piece) => 'entry' in piece);
  if (!lines.some(({ entry }) => isMessage(entry) && entry.isSidechain !== true))
    return { kind: 'beyond_repair' };
  const relinked = yield* withParents(lines);
  const turns = new TranscriptTurns();
  if (relinked.isHeadless && !isGarbageFirst(read)) turns.lose('');
  for (const piece of read) {
    if ('entry' in piece) turns.read(piece.entry);
    else turns.lose(excerptOf(piece.garbage));
    yield;
  }
  const isChanged =
    relinked.isChanged || lines.length < read.length || lines.some(({ isCutOut }) => isCutOut);
  if (!isChanged && turns.whole >= (savedTurns ?? 0)) return { kind: 'sound' };
  const transcript = isChanged ? Buffer.concat(relinked.lines.flatMap(lineOf)) : jsonl;
  return { kind: 'repaired', transcript, lostTurns: turns.lost(savedTurns) };
}

/** The same without a pause. */
export function repairTranscript(jsonl: Uint8Array, savedTurns?: number): Repair {
  return atOnce(repairSteps(jsonl, savedTurns));
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
  for (const pieces of piecesIn(jsonl))
    for (const piece of pieces) if ('entry' in piece) turns.read(piece.entry);
  return turns.whole;
}

interface Relinked {
  /** Each in pieces. */
  readonly lines: Buffer[][];
  readonly isChanged: boolean;
  readonly isHeadless: boolean;
}

/** A parent may come after its child: the CLI reads the whole file before it follows the chain. */
function* withParents(lines: readonly Line[]): Generator<undefined, Relinked, undefined> {
  const known = new Set(lines.map(({ entry }) => entry.uuid));
  let before: string | null = null;
  let isChanged = false;
  let isHeadless = false;
  const relinked: Buffer[][] = [];
  for (const { bytes, entry } of lines) {
    yield;
    const { uuid, parentUuid, isSidechain } = entry;
    const isInChain = typeof uuid === 'string' && isSidechain !== true;
    const parent = before;
    if (isInChain) before = uuid;
    if (!isInChain || typeof parentUuid !== 'string' || known.has(parentUuid)) {
      relinked.push([bytes]);
      continue;
    }
    isChanged = true;
    isHeadless ||= parent === null;
    relinked.push(withParent(bytes, parent));
  }
  return { lines: relinked, isChanged, isHeadless };
}

const NEWLINE = Buffer.from('\n');

function lineOf(pieces: Buffer[]): Buffer[] {
  return pieces.at(-1)?.at(-1) === NEWLINE[0] ? pieces : [...pieces, NEWLINE];
}

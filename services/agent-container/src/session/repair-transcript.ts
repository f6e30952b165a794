import { linePieces } from './line-pieces.ts';
import { parseEntry } from './transcript-entry.ts';
import { TranscriptTurns } from './transcript-turns.ts';

/** What a transcript is worth: all of it, its whole turns before the damage, or nothing. */
type Repair =
  | { readonly kind: 'sound' }
  | {
      readonly kind: 'repaired';
      /** A prefix of what was given, ending with a whole line. */
      readonly transcript: Uint8Array;
      /** Turns that are not in it, as far as the dropped text tells; 0 when only bookkeeping was lost. */
      readonly lostTurns: number;
    }
  | { readonly kind: 'beyond_repair' };

/**
 * Judges a stored transcript. A CLI that resumes a damaged one says nothing and drops whatever hangs on the damage, which may be
 * all that came before it. So the longest prefix of whole turns is kept and everything after it dropped: a turn is whole
 * when its answer is complete, no tool call is open, and each entry hangs on one before it. Bookkeeping lines (requests,
 * costs, attachments) need not be there, but one that cannot be read is damage like any other.
 * @param jsonl the transcript, one entry a line. It is read line by line: decoded as a whole it would be in memory three times over.
 */
export function repairTranscript(jsonl: Uint8Array): Repair {
  const turns = new TranscriptTurns();
  let keptBytes = 0;
  let readBytes = 0;
  for (const piece of linePieces(jsonl)) {
    const line = piece.toString('utf8');
    if (line.trim() !== '') {
      const entry = parseEntry(line);
      if (!entry || !turns.read(entry)) return keep(jsonl, keptBytes);
    }
    readBytes += piece.byteLength;
    if (turns.isBetweenTurns) keptBytes = readBytes;
  }
  return turns.isWhole ? { kind: 'sound' } : keep(jsonl, keptBytes);
}

function keep(jsonl: Uint8Array, keptBytes: number): Repair {
  if (keptBytes === 0) return { kind: 'beyond_repair' };
  const transcript = jsonl.subarray(0, keptBytes);
  return { kind: 'repaired', transcript, lostTurns: turnsLost(transcript, jsonl.subarray(keptBytes)) };
}

/** Inside of a JSON string its quotes would be escaped, so no text of a message is taken for one of these. */
const PROMPT_ID = /"promptId":"([^"]+)"/g;
const ENQUEUED = /"operation":"enqueue"/g;

/** Searched as text, because it may be cut anywhere. A message leaves its mark in the queue before it is in the chain. */
function turnsLost(kept: Uint8Array, dropped: Uint8Array): number {
  const prompts = new Set<string | undefined>();
  let enqueued = 0;
  for (const piece of linePieces(dropped)) {
    const line = piece.toString('utf8');
    for (const [, id] of line.matchAll(PROMPT_ID)) prompts.add(id);
    enqueued += line.match(ENQUEUED)?.length ?? 0;
  }
  for (const piece of linePieces(kept))
    for (const [, id] of piece.toString('utf8').matchAll(PROMPT_ID)) prompts.delete(id);
  return Math.max(prompts.size, enqueued);
}

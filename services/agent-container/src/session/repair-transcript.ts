import { parseEntry } from './transcript-entry.ts';
import { TranscriptTurns } from './transcript-turns.ts';

/** What a transcript is worth: all of it, its whole turns before the damage, or nothing. */
type Repair =
  | { readonly kind: 'sound' }
  | {
      readonly kind: 'repaired';
      /** A prefix of what was given, ending with a whole line. */
      readonly transcript: string;
      /** Turns that are not in it, as far as the dropped text tells; 0 when only bookkeeping was lost. */
      readonly lostTurns: number;
    }
  | { readonly kind: 'beyond_repair' };

/**
 * Judges a stored transcript. A CLI that resumes a damaged one says nothing and drops whatever hangs on the damage, which may be
 * all that came before it. So the longest prefix of whole turns is kept and everything after it dropped: a turn is whole
 * when its answer is complete, no tool call is open, and each entry hangs on one before it. Bookkeeping lines (requests,
 * costs, attachments) need not be there, but one that cannot be read is damage like any other.
 * @param jsonl the transcript, one entry a line.
 */
export function repairTranscript(jsonl: string): Repair {
  const turns = new TranscriptTurns();
  let keptLength = 0;
  let start = 0;
  while (start < jsonl.length) {
    const newline = jsonl.indexOf('\n', start);
    const end = newline === -1 ? jsonl.length : newline + 1;
    const line = jsonl.slice(start, end);
    if (line.trim() !== '') {
      const entry = parseEntry(line);
      if (!entry || !turns.read(entry)) return keep(jsonl, keptLength);
    }
    if (turns.isBetweenTurns) keptLength = end;
    start = end;
  }
  return turns.isWhole ? { kind: 'sound' } : keep(jsonl, keptLength);
}

function keep(jsonl: string, keptLength: number): Repair {
  if (keptLength === 0) return { kind: 'beyond_repair' };
  const transcript = jsonl.slice(0, keptLength);
  return { kind: 'repaired', transcript, lostTurns: turnsLost(transcript, jsonl.slice(keptLength)) };
}

/** Inside of a JSON string its quotes would be escaped, so no text of a message is taken for one of these. */
const PROMPT_ID = /"promptId":"([^"]+)"/g;
const ENQUEUED = /"operation":"enqueue"/g;

/** Searched as text, because it may be cut anywhere. A message leaves its mark in the queue before it is in the chain. */
function turnsLost(kept: string, dropped: string): number {
  const prompts = new Set(Array.from(dropped.matchAll(PROMPT_ID), ([, id]) => id));
  for (const [, id] of kept.matchAll(PROMPT_ID)) prompts.delete(id);
  return Math.max(prompts.size, dropped.match(ENQUEUED)?.length ?? 0);
}

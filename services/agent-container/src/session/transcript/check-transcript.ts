// transcript → size? → lines → each JSON within the limits? → its turns
import { AgentError } from '../../errors.ts';
import { linePieces } from './line-pieces.ts';
import { isMessage, readLine } from './transcript-entry.ts';
import { LINE_LIMIT_BYTES, MAX_BLOCKS, MAX_LINES, TRANSCRIPT_LIMIT_BYTES } from './transcript-limits.ts';
import { TranscriptTurns } from './transcript-turns.ts';

const MIB = 1024 * 1024;

/** @returns the refusal of a transcript that is beyond a limit; what is stored stays as it is. */
export function tooLarge(): AgentError {
  return new AgentError(
    'conversation_too_large',
    `The conversation is larger than one may be: ${TRANSCRIPT_LIMIT_BYTES / MIB} MiB in ${MAX_LINES} entries, of ${LINE_LIMIT_BYTES / MIB} MiB each`,
  );
}

/**
 * Checks a transcript before it is saved. It is read line by line, and no line is parsed that would cost more memory than its place in
 * the limits.
 * @returns how many turns of it have their message and its answer; see `countTurns`.
 * @throws AgentError `internal` when a line is no JSON or there is none: the next resume would silently lose what came before it;
 * `conversation_too_large`.
 */
export function* checkTranscript(transcript: Uint8Array): Generator<undefined, number, undefined> {
  if (transcript.byteLength > TRANSCRIPT_LIMIT_BYTES) throw tooLarge();
  const turns = new TranscriptTurns();
  let [entries, lines, blocks] = [0, 0, 0];
  for (const line of linePieces(transcript)) {
    yield;
    lines += 1;
    if (lines > MAX_LINES) throw tooLarge();
    if (line.byteLength === 1 && line.toString() === '\n') continue;
    const read = readLine(line);
    if (read.kind === 'too_large') throw tooLarge();
    if (read.kind === 'broken')
      throw new AgentError('internal', 'The agent left a damaged transcript, so this turn cannot be saved');
    entries += 1;
    if (read.kind !== 'entry') continue;
    if (isMessage(read.entry)) blocks += read.entry.message.content.length;
    if (blocks > MAX_BLOCKS) throw tooLarge();
    turns.read(read.entry);
  }
  // Saved, it would stand for a conversation that no CLI can resume.
  if (entries === 0)
    throw new AgentError('internal', 'The agent left an empty transcript, so this turn cannot be saved');
  return turns.whole;
}

// the transcript of a run that failed → what came to an end in it: finished tool calls, and what the agent said before them
import { joinPieces } from '@omnicloud/protocol';
import { z } from 'zod';
import { repairSteps } from './repair-transcript.ts';
import { isMessage, type MessageEntry, type TranscriptEntry } from './transcript-entry.ts';
import { type Line, piecesIn } from './transcript-pieces.ts';

/** What is kept of a turn whose run failed. */
export interface UnfinishedTurn {
  /** Ends with the last call of a tool, or its result. */
  readonly transcript: Uint8Array;
  /** What the agent said up to there. */
  readonly said: string;
}

/**
 * Looks for what a failed run has finished. Whatever the CLI wrote after the last tool call goes: its notes on the failure, and the
 * beginning of an answer that the next try writes anew.
 * @param transcript as the run left it; its last line may be cut.
 * @param beganAt how many bytes it had when the run began.
 * @returns undefined when no tool call was finished: then the next try loses nothing by asking anew.
 */
export function* unfinishedTurn(
  transcript: Uint8Array,
  beganAt: number,
): Generator<undefined, UnfinishedTurn | undefined, undefined> {
  const before = transcript.subarray(0, beganAt);
  const lines = yield* readableLines(transcript.subarray(beganAt));
  if (!lines.some(({ entry }) => isResult(entry))) return undefined;
  const end = lines.findLastIndex(({ entry }) => isResult(entry) || isCall(entry));
  const kept = lines.filter(({ entry }, index) => index <= end || entry.type === 'cost-state');
  const whole = Buffer.concat([
    before,
    ...kept.flatMap(({ bytes }) => (endsLine(bytes) ? [bytes] : [bytes, NEWLINE])),
  ]);
  const repair = yield* repairSteps(whole);
  if (repair.kind === 'beyond_repair') return undefined;
  return { transcript: repair.kind === 'repaired' ? repair.transcript : whole, said: saidUpTo(lines, end) };
}

/**
 * @param beganAt how many bytes the transcript had when the turn began.
 * @returns the transcript without what the model and its tools did in that turn: it ends with the question.
 */
export function* withoutWork(
  transcript: Uint8Array,
  beganAt: number,
): Generator<undefined, Uint8Array, undefined> {
  const lines = yield* readableLines(transcript.subarray(beganAt));
  const firstWork = lines.findIndex(({ entry }) => isMessage(entry) && entry.type === 'assistant');
  const kept = lines.filter(({ entry }, index) => index < firstWork || entry.type === 'cost-state');
  return Buffer.concat([transcript.subarray(0, beganAt), ...kept.map(({ bytes }) => bytes)]);
}

const NEWLINE = Buffer.from('\n');

function endsLine(bytes: Buffer): boolean {
  return bytes.at(-1) === NEWLINE[0];
}

function* readableLines(jsonl: Uint8Array): Generator<undefined, Line[], undefined> {
  const lines: Line[] = [];
  for (const pieces of piecesIn(jsonl)) {
    for (const piece of pieces) if ('entry' in piece) lines.push(piece);
    yield;
  }
  return lines;
}

function isInMain(entry: TranscriptEntry): entry is MessageEntry {
  return isMessage(entry) && entry.isSidechain !== true && entry.isApiErrorMessage !== true;
}

function isResult(entry: TranscriptEntry): boolean {
  return isInMain(entry) && entry.type === 'user' && has(entry, 'tool_result');
}

function isCall(entry: TranscriptEntry): boolean {
  return isInMain(entry) && entry.type === 'assistant' && has(entry, 'tool_use');
}

function has({ message: { content } }: MessageEntry, wanted: string): boolean {
  return content.some(({ type }) => type === wanted);
}

/** An answer of a turn has 1 MiB at most; see `TurnTranslator`. In bytes. */
const LONGEST_ANSWER_LINE_BYTES = 4 * 1024 * 1024;

const textBlocks = z.object({
  message: z.object({
    content: z.array(z.union([z.object({ type: z.literal('text'), text: z.string() }), z.unknown()])),
  }),
});

/** An entry as it is read has its long texts left out. */
function textsOf({ bytes }: Line): string[] {
  if (bytes.byteLength > LONGEST_ANSWER_LINE_BYTES) return [];
  const { content } = textBlocks.parse(JSON.parse(bytes.toString('utf8'))).message;
  return content.flatMap((block) => (isText(block) ? [block.text] : []));
}

function isText(block: unknown): block is { text: string } {
  return (
    typeof block === 'object' &&
    block !== null &&
    'text' in block &&
    typeof block.text === 'string' &&
    block.text !== ''
  );
}

/** Only along the chain: a model call that broke off and was repeated has left a branch of its own. */
function saidUpTo(lines: readonly Line[], end: number): string {
  const byId = new Map(lines.map((line) => [line.entry.uuid, line]));
  const chain: Line[] = [];
  const visited = new Set<Line>();
  for (
    let line = lines[end];
    line && !visited.has(line);
    line = byId.get(line.entry.parentUuid ?? undefined)
  ) {
    visited.add(line);
    chain.unshift(line);
  }
  let said = '';
  let goesOn = false;
  for (const line of chain) {
    const { entry } = line;
    if (!isInMain(entry)) continue;
    if (entry.type === 'user') {
      goesOn = entry.isMeta === true && !has(entry, 'tool_result');
      continue;
    }
    for (const text of has(entry, 'text') ? textsOf(line) : []) {
      if (goesOn) said = joinPieces(said, text);
      else said = said === '' ? text : `${said}\n\n${text}`;
      goesOn = false;
    }
  }
  return said;
}

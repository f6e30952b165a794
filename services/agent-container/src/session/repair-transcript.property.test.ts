import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Entry,
  jsonl,
  RECORDED,
  recordedTranscript,
  repairText,
  wholeTurn,
} from './transcript.fixture.ts';

/** The entries by which each recorded turn ends, in their order. */
const LAST_WORDS: Record<(typeof RECORDED)[number], readonly string[]> = {
  'tools-and-subagent': ['Hello Ada.', 'Written.', 'The helper is done.', 'Bye Ada.'],
  stopped: ['Hello.', '[Request interrupted by user for tool use]', 'Continued.'],
  compacted: ['Hello.', 'near limit', 'after.', 'after2.'],
};

interface Recorded {
  readonly bytes: Buffer;
  /** Each line's first byte; the end of the file is the last one. */
  readonly starts: readonly number[];
  /** The lines by which its turns end. */
  readonly ends: readonly number[];
}

const transcripts = RECORDED.map((name): Recorded => {
  const text = recordedTranscript(name);
  const lines = text.trimEnd().split('\n');
  const starts = lines.map((_, index) =>
    Buffer.byteLength(
      lines
        .slice(0, index)
        .map((line) => `${line}\n`)
        .join(''),
    ),
  );
  const ends = LAST_WORDS[name].map((words) =>
    lines.findIndex((line) => line.includes(`[{"type":"text","text":"${words}"}]`)),
  );
  return { bytes: Buffer.from(text), starts: [...starts, Buffer.byteLength(text)], ends };
});
const anyTranscript = fc.constantFrom(...transcripts);

describe('a recorded transcript', () => {
  it('cut at any byte keeps every turn that came before the cut, and nothing broken', () =>
    fc.assert(
      fc.property(anyTranscript, fc.nat(), (recorded, position) => {
        const cut = position % recorded.bytes.byteLength;
        const damaged = recorded.bytes.subarray(0, cut).toString();
        // A last line that only lost its newline is whole.
        const isWhole = (line: number): boolean => (recorded.starts[line + 1] ?? 0) - 1 <= cut;
        expectWholeTurns(damaged, recorded.bytes, recorded.ends.filter(isWhole).length);
      }),
      { numRuns: 500 },
    ));

  it('with any line broken keeps every turn that came before it, and nothing broken', () =>
    fc.assert(
      fc.property(anyTranscript, fc.nat(), anyDamage, (recorded, number, damage) => {
        const broken = number % (recorded.starts.length - 1);
        const [from, to] = [recorded.starts[broken] ?? 0, (recorded.starts[broken + 1] ?? 0) - 1];
        const line = damage(recorded.bytes.subarray(from, to));
        const damaged = Buffer.concat([recorded.bytes.subarray(0, from), line, recorded.bytes.subarray(to)]);
        expectWholeTurns(
          damaged.toString(),
          recorded.bytes,
          recorded.ends.filter((end) => end < broken).length,
        );
      }),
      { numRuns: 300 },
    ));

  it('with any line of its conversation missing is repaired to a sound one', () =>
    fc.assert(
      fc.property(anyTranscript, fc.nat(), (recorded, number) => {
        const lines = recorded.bytes.toString().trimEnd().split('\n');
        const damaged = lines.toSpliced(number % lines.length, 1).join('\n');
        const repair = repairText(damaged);
        fc.pre(repair.kind !== 'beyond_repair');
        if (repair.kind === 'repaired') expect(damaged.startsWith(repair.transcript)).toBe(true);
        expectSound(repair.kind === 'repaired' ? repair.transcript : damaged);
      }),
      { numRuns: 300 },
    ));
});

it('any text at all is sound, repaired to a sound prefix, or beyond repair', () => {
  fc.assert(
    fc.property(anyLines, (lines) => {
      const text = lines.join('\n');
      const repair = repairText(text);
      if (repair.kind === 'sound') expectSound(text);
      if (repair.kind !== 'repaired') return;
      expect(text.startsWith(repair.transcript) && text.length > repair.transcript.length).toBe(true);
      expectSound(repair.transcript);
      expect(repairText(repair.transcript)).toEqual({ kind: 'sound' });
    }),
  );
});

/** Each turns a line of at least two bytes into another one that is no entry. */
const anyDamage = fc.constantFrom<(line: Buffer) => Buffer>(
  (line) => line.subarray(0, line.byteLength - 1),
  (line) => line.subarray(1),
  (line) => Buffer.concat([line, Buffer.from('}')]),
  (line) => Buffer.alloc(line.byteLength),
  () => Buffer.from('null'),
  () => Buffer.from('\u{fffd}'),
);

const aTurn = wholeTurn();
const anyLines = fc.array(
  fc.oneof(
    fc.constantFrom(...[...aTurn, ...wholeTurn({ after: aTurn[1] })].map((entry) => jsonl(entry).trim())),
    fc.json(),
    fc.string(),
  ),
  { maxLength: 8 },
);

/** The damaged text must be repaired to exactly so many whole turns of the original. */
function expectWholeTurns(damaged: string, original: Buffer, turns: number): void {
  const repair = repairText(damaged);
  if (turns === 0) {
    expect(repair).toEqual({ kind: 'beyond_repair' });
    return;
  }
  if (repair.kind === 'beyond_repair') throw new Error('A whole turn was there');
  const transcript = repair.kind === 'sound' ? damaged : repair.transcript;
  const bytes = Buffer.from(transcript);
  expect(bytes.equals(original.subarray(0, bytes.byteLength))).toBe(true);
  expect(promptsOf(expectSound(transcript)).size).toBe(turns);
}

/** Judges a transcript as a whole, without following it entry by entry. */
function expectSound(transcript: string): Entry[] {
  const entries = transcript
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Entry);
  const known = entries.map(({ uuid }) => uuid);
  for (const [index, { parentUuid }] of entries.entries()) {
    if (typeof parentUuid === 'string') expect(known.slice(0, index)).toContain(parentUuid);
  }
  const messages = entries.filter(
    ({ type, uuid }, index) => (type === 'user' || type === 'assistant') && known.indexOf(uuid) === index,
  );
  const last = messages.at(-1);
  const contents = JSON.stringify(messages.map(({ message }) => message));
  const calls: string[] = contents.match(/(?<="type":"tool_use","id":)"[^"]+"/g) ?? [];
  const results: string[] = contents.match(/(?<="tool_use_id":)"[^"]+"/g) ?? [];
  if (last?.type === 'user') expect(JSON.stringify(last.message)).toContain('[Request interrupted by user');
  else
    expect(last?.message).toMatchObject({
      stop_reason: expect.stringMatching(/^(end_turn|stop_sequence)$/) as string,
    });
  // An earlier call may have lost its result; the CLI then says so to the model.
  expect(results).toEqual(expect.arrayContaining(calls.slice(-1)));
  return entries;
}

function promptsOf(entries: readonly Entry[]): Set<unknown> {
  return new Set(entries.map(({ promptId }) => promptId).filter((id) => id !== undefined));
}

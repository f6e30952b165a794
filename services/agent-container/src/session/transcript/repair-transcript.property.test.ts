import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countTurns } from './repair-transcript.ts';
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
  readonly lines: readonly string[];
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
  return { bytes: Buffer.from(text), lines, starts: [...starts, Buffer.byteLength(text)], ends };
});
/** By its place, so that a counterexample can be read. */
const anyTranscript = fc.nat({ max: transcripts.length - 1 });
const recordedAt = (place: number): Recorded =>
  transcripts[place] ?? { bytes: Buffer.of(), lines: [], starts: [], ends: [] };

describe('a recorded transcript', () => {
  it('cut at any byte keeps every line before the cut, and the turns behind it are counted', () =>
    fc.assert(
      fc.property(anyTranscript, fc.nat(), (place, position) => {
        const recorded = recordedAt(place);
        const cut = position % recorded.bytes.byteLength;
        const damaged = recorded.bytes.subarray(0, cut).toString();
        // A last line that only lost its newline is whole.
        const isWhole = (line: number): boolean => (recorded.starts[line + 1] ?? 0) - 1 <= cut;
        const whole = recorded.lines.filter((_, index) => isWhole(index));
        const turns = recorded.ends.filter(isWhole).length;
        expectKept(damaged, {
          lines: whole,
          savedTurns: recorded.ends.length,
          lost: recorded.ends.length - turns,
        });
      }),
      { numRuns: 300 },
    ));

  it('with any line broken keeps every other one, and counts a turn at most', () =>
    fc.assert(
      fc.property(anyTranscript, fc.nat(), anyDamage, (place, number, damage) => {
        const recorded = recordedAt(place);
        const broken = number % recorded.lines.length;
        const damaged = recorded.lines.map((line, index) =>
          index === broken ? damage(Buffer.from(line)).toString() : line,
        );
        const lost = expectKept(`${damaged.join('\n')}\n`, {
          lines: recorded.lines.filter((_, index) => index !== broken),
          savedTurns: recorded.ends.length,
        });
        expect(lost).toBeLessThanOrEqual(1);
        const isAnswer = recorded.lines[broken]?.includes('"role":"assistant"');
        if (recorded.ends.includes(broken) && isAnswer) expect(lost).toBe(1);
      }),
      { numRuns: 200 },
    ));

  it('with any line missing keeps every other one', () =>
    fc.assert(
      fc.property(anyTranscript, fc.nat(), (place, number) => {
        const recorded = recordedAt(place);
        const others = recorded.lines.toSpliced(number % recorded.lines.length, 1);
        expectKept(`${others.join('\n')}\n`, { lines: others, savedTurns: recorded.ends.length });
      }),
      { numRuns: 200 },
    ));

  it.each(transcripts)('has as many whole turns as it ends', ({ bytes, ends }) => {
    expect(countTurns(bytes)).toBe(ends.length);
  });
});

it('any text at all is sound, repaired to a sound one, or beyond repair', () => {
  fc.assert(
    fc.property(anyLines, (lines) => {
      const text = lines.join('\n');
      const repair = repairText(text);
      if (repair.kind === 'sound') expectSound(text);
      if (repair.kind !== 'repaired') return;
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

/**
 * Repairs a damaged text, of which these lines are to be kept.
 * @returns the turns that are said to be lost.
 */
function expectKept(
  damaged: string,
  {
    lines,
    savedTurns,
    lost,
  }: { readonly lines: readonly string[]; readonly savedTurns: number; readonly lost?: number | undefined },
): number {
  const repair = repairText(damaged, savedTurns);
  if (repair.kind === 'beyond_repair') {
    expect(
      lines.some((line) => /"type":"(user|assistant)"/.test(line) && !line.includes('"isSidechain":true')),
    ).toBe(false);
    return 0;
  }
  const transcript = repair.kind === 'sound' ? damaged : repair.transcript;
  const kept = expectSound(transcript);
  const withoutParent = ({ parentUuid, ...entry }: Entry): Entry => entry;
  expect(kept.map(withoutParent)).toEqual(lines.map((line) => withoutParent(JSON.parse(line) as Entry)));
  const lostTurns = repair.kind === 'sound' ? 0 : repair.lostTurns;
  if (lost !== undefined) expect(lostTurns).toBe(lost);
  return lostTurns;
}

/** Each line is an entry, and each entry of the conversation hangs on one that is there. */
function expectSound(transcript: string): Entry[] {
  const entries = transcript
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Entry);
  const known = entries.map(({ uuid }) => uuid);
  for (const { parentUuid, isSidechain, uuid } of entries)
    if (typeof parentUuid === 'string' && isSidechain !== true && typeof uuid === 'string')
      expect(known).toContain(parentUuid);
  return entries;
}

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { repairTranscript } from './repair-transcript.ts';

/** One entry of a transcript, as its lines parse. */
export type Entry = Record<string, unknown> & { uuid?: string };

interface Turn {
  readonly says?: string;
  readonly answer?: string;
  readonly cwd?: string;
  /** The last entry of the turn before. */
  readonly after?: Entry;
}

/** @returns the two entries of a whole turn: what the user says and the answer. */
export function wholeTurn({
  says = 'Hi',
  answer = 'Hello',
  cwd = '/tmp/session/workspace',
  after,
}: Turn = {}): [Entry, Entry] {
  const user = userEntry(says, after, { cwd });
  return [user, assistantEntry([{ type: 'text', text: answer }], user)];
}

export function userEntry(content: unknown, after?: Entry, more: Entry = {}): Entry {
  return {
    parentUuid: after?.uuid ?? null,
    isSidechain: false,
    promptId: randomUUID(),
    type: 'user',
    message: { role: 'user', content },
    uuid: randomUUID(),
    ...more,
  };
}

export function assistantEntry(
  content: object[],
  after: Entry,
  stopReason: string | null = 'end_turn',
): Entry {
  return {
    parentUuid: after.uuid,
    isSidechain: false,
    type: 'assistant',
    message: { role: 'assistant', content, stop_reason: stopReason },
    uuid: randomUUID(),
  };
}

/** @returns the entries as a transcript, one a line. */
export function jsonl(...entries: readonly object[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

/** @returns a sound transcript of at least so many bytes, of turns of about 100 kB each. */
export function longTranscript(leastBytes: number, cwd: string): Buffer {
  const lines: Buffer[] = [];
  let after: Entry | undefined;
  for (let bytes = 0; bytes < leastBytes; bytes += lines.at(-1)?.byteLength ?? 0) {
    const turn = wholeTurn({
      says: 'Grüße 👋',
      answer: 'x'.repeat(100_000),
      cwd,
      ...(after ? { after } : {}),
    });
    after = turn[1];
    lines.push(Buffer.from(jsonl(...turn)));
  }
  return Buffer.concat(lines);
}

/** Written by Claude Code 2.1.330; long texts that nothing here reads were cut, and directories renamed. */
export const RECORDED = ['tools-and-subagent', 'stopped', 'compacted'] as const;

/** @returns a recorded transcript. Each of its turns has what the user said queued first. */
export function recordedTranscript(name: (typeof RECORDED)[number]): string {
  return readFileSync(new URL(`transcripts.fixture/${name}.jsonl`, import.meta.url), 'utf8');
}

type Repair = ReturnType<typeof repairTranscript>;
type Repaired = Extract<Repair, { kind: 'repaired' }>;

/** `repairTranscript` for a transcript as text. */
export function repairText(
  transcript: string,
  savedTurns?: number,
): Exclude<Repair, Repaired> | (Omit<Repaired, 'transcript'> & { transcript: string }) {
  const repair = repairTranscript(Buffer.from(transcript), savedTurns);
  if (repair.kind !== 'repaired') return repair;
  return { ...repair, transcript: Buffer.from(repair.transcript).toString() };
}

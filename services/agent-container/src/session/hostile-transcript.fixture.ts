import { open } from 'node:fs/promises';

const MIB = 1024 * 1024;

/** Of the largest, in bytes. */
export const LARGEST_BYTES = 300 * MIB;

/** What a shell may write into a transcript: pieces, each so many times. */
type Hostile = readonly (readonly [piece: string, times: number])[];

const times = (text: string, bytes: number): Hostile[number] => {
  const piece = text.repeat(Math.max(1, Math.floor(MIB / text.length)));
  return [piece, Math.ceil(bytes / piece.length)];
};

const USER = '{"type":"user","parentUuid":"gone","uuid":"hostile","message":{"role":"user","content":';

/**
 * Each stands behind a whole turn, and is beyond a limit of a line or of the whole. One is far larger than anything that may be in memory;
 * the others are as large as they must be to pass their limit, or as a line may be to be looked at.
 */
export const HOSTILE_TRANSCRIPTS: Readonly<Record<string, Hostile>> = {
  'a line of 300 MB': [[`${USER}"`, 1], times('x', LARGEST_BYTES), ['"}}\n', 1]],
  'a line of 70 MB without a line break': [times('é', 35 * MIB)],
  '8 MB of lines without anything': [times('{}\n', 8 * MIB)],
  '8 MB of short entries': [times('{"type":"a"}\n', 8 * MIB)],
  '8 MB of line breaks': [times('\n', 8 * MIB)],
  '140 MB of lines that cannot be read': [times(`${'x'.repeat(MIB - 1)}\n`, 140 * MIB)],
  '30 MB of zeros': [times('\0', 30 * MIB)],
  'a list of 10 MB that lies in itself': [[USER, 1], times('[', 10 * MIB)],
  'an entry of 10 MB of lists that lie in each other': [
    [USER, 1],
    times('[', 5 * MIB),
    times(']', 5 * MIB),
    ['}}\n', 1],
  ],
  'a line of 20 MB of objects without anything': [[`${USER}[{}`, 1], times(',{}', 20 * MIB), [']}}\n', 1]],
  '20 MB of messages of many blocks': [
    times(`${USER}[${'{"type":"a"},'.repeat(1_000)}{"type":"a"}]}}\n`, 20 * MIB),
  ],
  'a line of 20 MB of beginnings of entries': [times('{"parentUuid":', 20 * MIB)],
  'a line of 60 MB of places where a path might be': [times('"cwd":"', 60 * MIB)],
};

/** Writes a transcript that begins so and goes on like that. */
export async function writeHostile(path: string, begin: string, after: Hostile): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.appendFile(begin);
    for (const [piece, count] of after) {
      const bytes = Buffer.from(piece);
      for (let written = 0; written < count; written += 1) await file.appendFile(bytes);
    }
  } finally {
    await file.close();
  }
}

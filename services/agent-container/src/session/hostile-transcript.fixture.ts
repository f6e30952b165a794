import { open } from 'node:fs/promises';

const MIB = 1024 * 1024;

/** What a shell may write into a transcript: pieces, each so many times. */
type Hostile = readonly (readonly [piece: string, times: number])[];

const times = (text: string, bytes: number): Hostile[number] => {
  const piece = text.repeat(Math.max(1, Math.floor(MIB / text.length)));
  return [piece, Math.ceil(bytes / piece.length)];
};

const USER = '{"type":"user","parentUuid":"gone","uuid":"hostile","message":{"role":"user","content":';

/** Each stands behind a whole turn, and is beyond a limit of a line or of the whole. */
export const HOSTILE_TRANSCRIPTS: Readonly<Record<string, Hostile>> = {
  'a line of 300 MB': [[`${USER}"`, 1], times('x', 300 * MIB), ['"}}\n', 1]],
  'a line of 300 MB without a line break': [times('x', 300 * MIB)],
  'a line of 100 MB': [[`${USER}"`, 1], times('é', 100 * MIB), ['"}}\n', 1]],
  '300 MB of lines without anything': [times('{}\n', 300 * MIB)],
  '100 MB of short entries': [times('{"type":"a"}\n', 100 * MIB)],
  '100 MB of line breaks': [times('\n', 100 * MIB)],
  '60 MB of zeros': [times('\0', 60 * MIB)],
  'a list of 10 MB that lies in itself': [[USER, 1], times('[', 10 * MIB)],
  'an entry of 10 MB of lists that lie in each other': [
    [USER, 1],
    times('[', 5 * MIB),
    times(']', 5 * MIB),
    ['}}\n', 1],
  ],
  'a line of 60 MB of objects without anything': [[`${USER}[{}`, 1], times(',{}', 60 * MIB), [']}}\n', 1]],
  '60 MB of messages of many blocks': [
    times(`${USER}[${'{"type":"a"},'.repeat(1_000)}{"type":"a"}]}}\n`, 60 * MIB),
  ],
  'a line of 60 MB of beginnings of entries': [times('{"parentUuid":', 60 * MIB)],
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

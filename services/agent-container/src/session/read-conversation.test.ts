import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readConversation, type ReadingLimits } from './read-conversation.ts';
import type { OpenObject } from './store/session-store.ts';

const LIMITS: ReadingLimits = { bytes: 400, lineBytes: 100, lines: 8, keptEndBytes: 10 };

/** An object that comes in pieces of these lengths, again and again. */
function object(content: Buffer, lengths: readonly number[]): OpenObject {
  const pieces = function* (): Generator<Uint8Array, void, undefined> {
    for (let at = 0, index = 0; at < content.byteLength; index += 1) {
      const length = lengths[index % lengths.length] ?? 1;
      yield content.subarray(at, at + length);
      at += length;
    }
  };
  return {
    bytes: content.byteLength,
    modified: new Date(0),
    // eslint-disable-next-line @typescript-eslint/require-await -- A store takes its time, and this one none.
    body: (async function* () {
      yield* pieces();
    })(),
    version: () => 'v',
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const anyLines = fc.array(fc.string({ maxLength: 300, unit: fc.constantFrom('a', 'é', '{', '"', '\n') }), {
  maxLength: 12,
});
const anyLengths = fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 1, maxLength: 5 });

/** What is to be in memory, said of the whole. */
function expected(content: Buffer): { body: Buffer; leftOut: 'nothing' | 'lines' } {
  const ends = (line: Buffer): Buffer =>
    Buffer.concat([line.subarray(0, LIMITS.keptEndBytes), Buffer.of(0), line.subarray(-LIMITS.keptEndBytes)]);
  const kept: Buffer[] = [];
  let leftOut: 'nothing' | 'lines' = 'nothing';
  let at = 0;
  for (let lines = 0; at < content.byteLength; lines += 1) {
    const newline = lines < LIMITS.lines ? content.indexOf(0x0a, at) : -1;
    const line = content.subarray(at, newline === -1 ? undefined : newline + 1);
    const isTooLong = line.byteLength > (lines < LIMITS.lines ? LIMITS.lineBytes : LIMITS.keptEndBytes);
    if (isTooLong) leftOut = 'lines';
    kept.push(isTooLong ? ends(line) : line);
    at += line.byteLength;
  }
  return { body: Buffer.concat(kept), leftOut };
}

it('Of a stored conversation all is read but what is beyond a limit, in whatever pieces it comes', () =>
  fc.assert(
    fc.asyncProperty(anyLines, anyLengths, async (lines, lengths) => {
      const content = Buffer.from(lines.join('\n'));
      const read = await readConversation(object(content, lengths), LIMITS);
      const most = Math.min(content.byteLength, LIMITS.bytes) + 2 * LIMITS.keptEndBytes + 1;
      const { body, leftOut } = expected(content);
      expect(read.sha256).toBe(createHash('sha256').update(content).digest('hex'));
      expect(read.version).toBe('v');
      expect(Buffer.from(read.body).equals(body.subarray(0, most))).toBe(true);
      expect(read.leftOut).toBe(body.byteLength > most ? 'end' : leftOut);
    }),
  ));

it('What is left of a line is never taken for one', async () => {
  const line = Buffer.from(`{"a":"${'x'.repeat(200)}"}\n`);
  const read = await readConversation(object(line, [64]), LIMITS);
  expect(() => JSON.parse(Buffer.from(read.body).toString()) as unknown).toThrow(SyntaxError);
});

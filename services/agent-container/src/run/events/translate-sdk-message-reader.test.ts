import { randomUUID, type UUID } from 'node:crypto';
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { callEnds, callStarts, confirmed, textBlock, textDelta } from './sdk-message.fixture.ts';
import { follow } from './turn-reader.fixture.ts';

it('leaves a reader who applies its text events with exactly the answer, whatever is lost, repeated or replaced', () =>
  fc.assert(
    fc.property(fc.array(anyCall, { maxLength: 8 }), (calls) => {
      const uuids: UUID[] = [];
      const messages = calls.flatMap((call, index) => messagesOf(call, index, uuids));
      const { answer, shown } = follow(messages);
      expect(shown).toBe(answer);
    }),
    { numRuns: 200 },
  ));

interface Call {
  kind: 'complete' | 'whole' | 'lost-then-complete' | 'lost-then-whole';
  texts: string[][];
  partial: string;
  /** Which of the texts so far the first block takes the place of. */
  supersedes: number[];
}

const anyPiece = fc.constantFrom('a', 'ab', 'b', '\n\n', ' ', '😀', '😁');
const anyCall: fc.Arbitrary<Call> = fc.record({
  kind: fc.constantFrom('complete', 'whole', 'lost-then-complete', 'lost-then-whole'),
  texts: fc.array(fc.array(anyPiece, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
  partial: fc.constantFrom('', 'a', 'ab'),
  supersedes: fc.array(fc.nat({ max: 9 }), { maxLength: 2 }),
});

/** A lost call is followed by its repetition, as the CLI does it; the last one of a turn is never lost. */
function messagesOf(call: Call, index: number, uuids: UUID[]): SDKMessage[] {
  const id = `m${index}`;
  const supersedes = call.supersedes.flatMap((place) => uuids[place] ?? []);
  const blocks = call.texts.map((pieces, place) => {
    const uuid = randomUUID();
    uuids.push(uuid);
    const text = pieces.join('');
    return {
      pieces,
      confirmation: confirmed(id, [textBlock(text)], place === 0 ? { uuid, supersedes } : { uuid }),
    };
  });
  const isWhole = call.kind === 'whole';
  const streamedBlocks = blocks.flatMap(({ pieces, confirmation }) => [
    ...(isWhole ? [] : pieces.map((piece) => textDelta(piece))),
    confirmation,
  ]);
  // A call without text is one that only uses tools.
  if (isWhole) return streamedBlocks.length === 0 ? [confirmed(id, [])] : streamedBlocks;
  if (call.kind === 'complete') return [callStarts(id), ...streamedBlocks, ...callEnds()];
  const repetition = messagesOf(
    { ...call, kind: call.kind === 'lost-then-whole' ? 'whole' : 'complete' },
    index + 1_000,
    uuids,
  );
  return [callStarts(id), ...streamedBlocks, textDelta(call.partial), ...repetition];
}

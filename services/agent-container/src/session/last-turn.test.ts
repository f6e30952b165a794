import { expect, it } from 'vitest';
import { encodeLastTurn, replayable } from './last-turn.ts';

const conversation = new TextEncoder().encode('{"type":"user"}\n');
const turn = {
  idempotency_key: 'update-1',
  answer: 'Ja.',
  cost_usd: 0.01,
  turns: 1,
  is_stopped: false,
  is_paused: false,
  files: [],
  usage: { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 },
};
const lastTurn = encodeLastTurn(turn, conversation);

it('A turn is replayed for the key it was asked with', () => {
  expect(replayable({ conversation, lastTurn }, 'update-1')).toMatchObject(turn);
});

it('Another key, or none, is another turn', () => {
  expect(replayable({ conversation, lastTurn }, 'update-2')).toBeUndefined();
  expect(replayable({ conversation, lastTurn }, undefined)).toBeUndefined();
});

it('A turn whose conversation was never written is not replayed: it was cut off before it was saved', () => {
  const earlier = new TextEncoder().encode('{"type":"earlier"}\n');
  expect(replayable({ conversation: earlier, lastTurn }, 'update-1')).toBeUndefined();
  expect(replayable({ conversation: undefined, lastTurn }, 'update-1')).toBeUndefined();
});

it('A damaged record is as good as none', () => {
  for (const damaged of ['{"idempotency_key"', '{}', '']) {
    expect(
      replayable({ conversation, lastTurn: new TextEncoder().encode(damaged) }, 'update-1'),
    ).toBeUndefined();
  }
});

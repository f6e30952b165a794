import { expect, it } from 'vitest';
import { encodeLastTurn, questionDigest, replayable } from './last-turn.ts';

const sha256 = 'a'.repeat(64);
const QUESTION = { userMessage: 'Kommst du?', attachments: undefined };
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
const lastTurn = encodeLastTurn(turn, { sha256 });

it('A turn is replayed for the key it was asked with', () => {
  expect(replayable({ sha256, lastTurn }, 'update-1', QUESTION)).toMatchObject(turn);
});

it('Another key, or none, is another turn', () => {
  expect(replayable({ sha256, lastTurn }, 'update-2', QUESTION)).toBeUndefined();
  expect(replayable({ sha256, lastTurn }, undefined, QUESTION)).toBeUndefined();
});

it('A turn whose conversation was never written is not replayed: it was cut off before it was saved', () => {
  expect(replayable({ sha256: 'b'.repeat(64), lastTurn }, 'update-1', QUESTION)).toBeUndefined();
  expect(replayable({ sha256: undefined, lastTurn }, 'update-1', QUESTION)).toBeUndefined();
});

it('A damaged record is as good as none', () => {
  for (const damaged of ['{"idempotency_key"', '{}', '']) {
    expect(
      replayable({ sha256, lastTurn: new TextEncoder().encode(damaged) }, 'update-1', QUESTION),
    ).toBeUndefined();
  }
});

it('Another question under its key is refused; who passes it on does not matter', () => {
  const record = encodeLastTurn({ ...turn, question_sha256: questionDigest(QUESTION) }, { sha256 });
  const ask = (question: Parameters<typeof replayable>[2]): unknown =>
    replayable({ sha256, lastTurn: record }, 'update-1', question);
  expect(ask(QUESTION)).toMatchObject(turn);
  expect(ask({ ...QUESTION, attachments: [] })).toMatchObject(turn);
  expect(() => ask({ ...QUESTION, userMessage: 'Wann?' })).toThrow(
    expect.objectContaining({ code: 'key_reused' }),
  );
  expect(() => ask({ ...QUESTION, attachments: [{ id: '1-0' }] })).toThrow(
    expect.objectContaining({ code: 'key_reused' }),
  );
});

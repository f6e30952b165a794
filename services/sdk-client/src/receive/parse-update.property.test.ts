import { turnSchema } from '@omnicloud/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseUpdate } from './parse-update.ts';
import { ADA, FORUM, OUR_BOT, privateMessage, RECEPTION } from './updates.fixture.ts';

const text = fc.string({ unit: 'binary', maxLength: 300, size: 'max' });
const anyId = fc.maxSafeInteger();

/** Sometimes what Telegram sends there, sometimes what it could, sometimes anything. */
function field<T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 30, arbitrary: usual }, { weight: 1, arbitrary: fc.jsonValue() });
}

const words = fc.constantFrom('/new', '/help', '/what', `@${OUR_BOT}`, '@other_bot', ' ', '\n', '🚀', 'word');

const message = fc.record(
  {
    message_id: field(anyId),
    date: field(fc.oneof(fc.integer({ min: 0 }), anyId)),
    chat: field(
      fc.oneof(
        fc.constant(FORUM),
        fc.record(
          { id: anyId, type: fc.constantFrom('private', 'group', 'supergroup', 'channel'), title: text },
          { requiredKeys: ['id', 'type'] },
        ),
      ),
    ),
    from: field(
      fc.record(
        {
          id: fc.oneof(fc.constant(ADA.id), anyId),
          is_bot: fc.constant(false),
          first_name: text,
          last_name: text,
          username: text,
          language_code: text,
        },
        { requiredKeys: ['id', 'is_bot', 'first_name'] },
      ),
    ),
    text: field(
      fc.oneof(
        text,
        fc.array(words).map((parts) => parts.join('')),
      ),
    ),
    message_thread_id: field(anyId),
    is_topic_message: field(fc.boolean()),
    sticker: fc.jsonValue(),
    caption: field(text),
    media_group_id: field(text),
    document: field(
      fc.record(
        {
          file_id: fc.string({ minLength: 1 }),
          file_name: text,
          mime_type: text,
          file_size: fc.nat(30_000_000),
        },
        { requiredKeys: ['file_id'] },
      ),
    ),
    photo: field(
      fc.array(fc.record({ file_id: fc.string({ minLength: 1 }), width: fc.nat(), height: fc.nat() })),
    ),
  },
  { requiredKeys: ['message_id', 'date', 'chat', 'from'] },
);

it('never throws, whatever JSON comes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()), (anything, content) => {
      expect(parseUpdate(anything, RECEPTION)).toMatchObject({ kind: 'ignored' });
      expect(parseUpdate(privateMessage(content), RECEPTION)).toHaveProperty('kind');
    }),
  );
});

it('makes only turns that the queue can store and the worker can read, from whatever messages come', () => {
  let turns = 0;
  fc.assert(
    fc.property(fc.record({ update_id: field(fc.nat()), message }), (update) => {
      const parsed = parseUpdate(JSON.parse(JSON.stringify(update)), RECEPTION);
      if (parsed.kind === 'ignored') return;
      turns += 1;
      expect(turnSchema.parse(JSON.parse(JSON.stringify(parsed.turn)))).toEqual(parsed.turn);
      expect(parsed.turn.sender.name.isWellFormed()).toBe(true);
    }),
    { numRuns: 500 },
  );
  expect(turns).toBeGreaterThan(50);
});

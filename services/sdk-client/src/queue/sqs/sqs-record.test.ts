import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readTurn } from '../read-turn.ts';
import { sampleTurn } from '../sample-turn.fixture.ts';
import { bodyOf, deduplicationId, recordOf, updateIdOf, visibilitySeconds } from './sqs-record.ts';

const withId = (id: string): Parameters<typeof updateIdOf>[0] => ({
  attributes: { ApproximateReceiveCount: '1', MessageDeduplicationId: id },
});

/** What SQS stores unchanged: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const STORABLE = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;

it('writes any text with characters that SQS keeps, and reads it back', () => {
  const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit));
  const anyText = fc.string({ unit: anyUnit, minLength: 1 });
  const unstorable = fc.constantFrom('\uFFFE', '\uFFFF', '\u0000', '\u001F', '\\uFFFF');
  fc.assert(
    fc.property(anyText, unstorable, (before, character) => {
      const turn = sampleTurn(1, { ask: { kind: 'message', text: before + character + before } });
      const body = bodyOf(turn);
      expect(body).toMatch(STORABLE);
      expect(readTurn({ updateId: 1, turnJson: body })).toEqual(turn);
    }),
  );
});

it('finds the update of every message that it named, whatever the occasion', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.option(fc.uuid(), { nil: undefined }), (updateId, occasion) => {
      expect(updateIdOf(withId(deduplicationId(updateId, occasion)))).toBe(updateId);
    }),
  );
});

it('takes a message of other making for no update', () => {
  for (const id of ['', 'update-', 'update-1x', 'an update-1', '17'])
    expect(updateIdOf(withId(id))).toBeNaN();
});

it('gives the message of each occasion a name of its own, within the 128 characters of SQS', () => {
  const uuid = '6c4cc1b0-9d5a-4b8e-8f0c-3a4f5c6d7e8f';
  const names = [undefined, `died-${uuid}`, `again-${uuid}`].map((occasion) =>
    deduplicationId(Number.MAX_SAFE_INTEGER, occasion),
  );
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[\w-]{1,128}$/);
});

it('never makes a delay shorter, in whole seconds within the 12 hours of SQS', () => {
  expect([-1, 0, 1, 1000, 1001, 1e12].map(visibilitySeconds)).toEqual([0, 0, 1, 1, 2, 43_200]);
});

it('refuses a delivery without what SQS always sends', () => {
  const whole = {
    MessageId: 'm',
    ReceiptHandle: 'r',
    Body: '',
    Attributes: { ApproximateReceiveCount: '2' },
  };
  expect(recordOf(whole)).toEqual({
    messageId: 'm',
    receiptHandle: 'r',
    body: '',
    attributes: { ApproximateReceiveCount: '2' },
  });
  for (const field of Object.keys(whole)) {
    expect(() => recordOf({ ...whole, [field]: undefined })).toThrow(TypeError);
  }
});

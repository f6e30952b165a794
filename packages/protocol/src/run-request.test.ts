import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createSessionSchema,
  MAX_USER_MESSAGE_LENGTH,
  messagePath,
  sendMessageSchema,
  sessionPathSchema,
} from './run-request.ts';

const request = { chat_id: '1', user_message: 'Hello' };

describe('the ids of a request', () => {
  it('may be numbers or strings and become strings', () =>
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (chatId, threadId) => {
        const numbers = createSessionSchema.parse({ ...request, chat_id: chatId, thread_id: threadId });
        const strings = createSessionSchema.parse({
          ...request,
          chat_id: String(chatId),
          thread_id: String(threadId),
        });
        expect(numbers).toEqual(strings);
        expect(numbers).toMatchObject({ chat_id: String(chatId), thread_id: String(threadId) });
      }),
    ));

  it('keep every digit of an id beyond what a number can hold', () => {
    const id = '-9223372036854775808';
    expect(createSessionSchema.parse({ ...request, chat_id: id }).chat_id).toBe(id);
  });

  it.each([
    '',
    ' 1',
    '1.5',
    '1e3',
    '0x1',
    '--1',
    '12345678901234567890',
    1.5,
    2 ** 53,
    Number.NaN,
    null,
    true,
  ])('are refused when one is %j', (id) => {
    expect(createSessionSchema.safeParse({ ...request, chat_id: id }).success).toBe(false);
  });

  it('may leave the topic out or null', () => {
    expect(createSessionSchema.parse({ ...request, thread_id: null }).thread_id).toBeNull();
    expect(createSessionSchema.parse(request)).toEqual(request);
  });
});

describe('the message of a request', () => {
  it('may be as long as the limit and no longer', () => {
    const longest = 'a'.repeat(MAX_USER_MESSAGE_LENGTH);
    expect(sendMessageSchema.safeParse({ user_message: longest }).success).toBe(true);
    const parsed = sendMessageSchema.safeParse({ user_message: `${longest}a` });
    expect(parsed.error?.issues).toMatchObject([{ code: 'too_big', path: ['user_message'] }]);
  });

  it('must say something', () => {
    expect(sendMessageSchema.safeParse({ user_message: '' }).success).toBe(false);
    expect(sendMessageSchema.safeParse({}).success).toBe(false);
  });

  it('may be nothing beside a file', () => {
    const attachments = [{ id: '7-0', name: '../../a name.pdf' }];
    expect(sendMessageSchema.safeParse({ user_message: '', attachments }).success).toBe(true);
    expect(createSessionSchema.safeParse({ ...request, user_message: '', attachments }).success).toBe(true);
    const none = sendMessageSchema.safeParse({ user_message: '', attachments: [] });
    expect(none.error?.issues).toMatchObject([{ path: ['user_message'] }]);
  });
});

describe('an attachment of a request', () => {
  it.each(['', '../7-0', '7-0/..', '7', 'a-1', '7-0000'])('is not where %j would lead', (id) => {
    const attachments = [{ id, name: 'a' }];
    expect(sendMessageSchema.safeParse({ user_message: 'Hello', attachments }).success).toBe(false);
  });
});

describe('the metadata of a request', () => {
  it('keeps fields that this version does not know', () => {
    const metadata = { chat_type: 'private', mood: { today: 'good' } };
    expect(sendMessageSchema.parse({ user_message: 'Hello', metadata }).metadata).toEqual(metadata);
  });

  it('reads the sender’s id like every other', () => {
    const metadata = { sender: { id: 5, name: 'Ada' } };
    expect(sendMessageSchema.parse({ user_message: 'Hello', metadata }).metadata?.sender?.id).toBe('5');
  });

  it('is refused with a title or a name beyond 256 characters', () => {
    const long = 'a'.repeat(257);
    const refused = [{ chat_title: long }, { sender: { id: '1', name: long } }];
    for (const metadata of refused) {
      expect(sendMessageSchema.safeParse({ user_message: 'Hello', metadata }).success).toBe(false);
    }
  });
});

it('names a session in its path by a UUID alone', () => {
  const id = '0190c8a4-0000-4000-8000-000000000001';
  expect(messagePath(id)).toBe(`/session/${id}/message`);
  expect(sessionPathSchema.safeParse({ session_id: id }).success).toBe(true);
  for (const other of ['1', '../secret', `${id}/..`]) {
    expect(sessionPathSchema.safeParse({ session_id: other }).success).toBe(false);
  }
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sessionKey } from './identifiers.ts';
import { MAX_USER_MESSAGE_LENGTH } from './run-request.ts';
import { COMMANDS, groupOf, sessionKeyOf, type Turn, turnSchema } from './turn.ts';

const turn: Turn = {
  update_id: 7,
  chat_id: '-1001234567890',
  chat_type: 'supergroup',
  thread_id: '42',
  is_forum: true,
  message_id: 11,
  sender: { id: '4294967296', name: 'Ada' },
  received_at: '2026-01-01T00:00:00.000Z',
  ask: { kind: 'message', text: 'Hello' },
};

describe('the session key', () => {
  it('is chat and topic, with topic 0 where there is none', () => {
    expect(sessionKeyOf(turn)).toBe('-1001234567890:42');
    expect(sessionKeyOf({ ...turn, thread_id: null })).toBe('-1001234567890:0');
    expect(sessionKey('5')).toBe('5:0');
  });

  it('differs for different conversations', () =>
    fc.assert(
      fc.property(anyConversation, anyConversation, (one, other) => {
        const isSame = one.chatId === other.chatId && (one.threadId ?? '0') === (other.threadId ?? '0');
        expect(sessionKey(one.chatId, one.threadId) === sessionKey(other.chatId, other.threadId)).toBe(
          isSame,
        );
      }),
    ));
});

describe('the queue’s message group', () => {
  it('is the session for whatever touches the session', () => {
    expect(groupOf(turn)).toBe(sessionKeyOf(turn));
    expect(groupOf({ ...turn, ask: { kind: 'command', command: 'new' } })).toBe(sessionKeyOf(turn));
  });

  it('is another one for every other command and refusal, so that a running turn does not hold them up', () => {
    const others = COMMANDS.filter((command) => command !== 'new');
    const groups = others.map((command) => groupOf({ ...turn, ask: { kind: 'command', command } }));
    const refused = groupOf({ ...turn, ask: { kind: 'refusal', reason: 'stranger' } });
    expect(new Set([...groups, refused])).toEqual(new Set(['-1001234567890:42:aside']));
  });
});

describe('a turn', () => {
  it('has a text, or files', () => {
    const files = [{ file_id: 'AgAD', name: 'a.pdf', media_type: 'application/pdf', size: 9 }];
    const asking = (ask: object): boolean => turnSchema.safeParse({ ...turn, ask }).success;
    expect(asking({ kind: 'message', text: '', files })).toBe(true);
    expect(asking({ kind: 'message', text: '', files: [] })).toBe(false);
    expect(asking({ kind: 'message', text: '' })).toBe(false);
  });

  it('survives the queue as it is', () => {
    expect(turnSchema.parse(JSON.parse(JSON.stringify(turn)))).toEqual(turn);
  });

  it.each([
    ['an empty message', { ask: { kind: 'message', text: '' } }],
    [
      'a message that is too long',
      { ask: { kind: 'message', text: 'a'.repeat(MAX_USER_MESSAGE_LENGTH + 1) } },
    ],
    ['an unknown command', { ask: { kind: 'command', command: 'reboot' } }],
    ['a refusal without a known reason', { ask: { kind: 'refusal', reason: 'mood' } }],
    ['a missing topic, which must be null', { thread_id: undefined }],
    ['a time that is none', { received_at: 'yesterday' }],
    ['a negative update', { update_id: -1 }],
  ])('is refused with %s', (_, change) => {
    expect(turnSchema.safeParse({ ...turn, ...change }).success).toBe(false);
  });
});

const anyId = fc.bigInt({ min: -(10n ** 13n), max: 10n ** 13n }).map(String);
const anyConversation = fc.record({
  chatId: fc.oneof(anyId, fc.constantFrom('1', '11', '-1')),
  threadId: fc.constantFrom(null, undefined, '0', '1', '11'),
});

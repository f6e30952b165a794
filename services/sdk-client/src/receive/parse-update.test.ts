import { groupOf, MAX_USER_MESSAGE_LENGTH, type Turn } from '@omnicloud/protocol';
import { describe, expect, it } from 'vitest';
import { type IgnoreReason, parseUpdate } from './parse-update.ts';
import {
  ADA,
  ALLOWED_ID,
  ANONYMOUS_ADMIN,
  FORUM,
  forumMessage,
  GROUP,
  groupMessage,
  inTopic,
  OUR_BOT,
  privateMessage,
  RECEPTION,
  STRANGER,
  updateOf,
} from './updates.fixture.ts';

const WHOLE_TEXT = 'What is the weather?';

function turnOf(update: unknown): Turn {
  const parsed = parseUpdate(update, RECEPTION);
  if (parsed.kind === 'ignored') throw new Error(`Ignored: ${parsed.reason}`);
  return parsed.turn;
}

function askOf(update: unknown): Turn['ask'] {
  return turnOf(update).ask;
}

function reasonOf(update: unknown): IgnoreReason {
  const parsed = parseUpdate(update, RECEPTION);
  if (parsed.kind === 'turn') throw new Error(`A turn: ${JSON.stringify(parsed.turn)}`);
  return parsed.reason;
}

describe('where a message was written', () => {
  it('turns a private text into a turn with everything that is known about it', () => {
    expect(turnOf(privateMessage({ text: WHOLE_TEXT }))).toEqual({
      update_id: 812_345_678,
      chat_id: String(ALLOWED_ID),
      chat_type: 'private',
      thread_id: null,
      is_forum: false,
      message_id: 42,
      sender: { id: String(ALLOWED_ID), name: 'Ada Lovelace', username: 'ada_l', language_code: 'en' },
      received_at: '2026-01-02T03:04:05.000Z',
      ask: { kind: 'message', text: WHOLE_TEXT },
    });
  });

  it('keeps the id and the title of a group', () => {
    expect(turnOf(groupMessage({ text: WHOLE_TEXT }))).toMatchObject({
      chat_id: '-1001987654321',
      chat_type: 'supergroup',
      chat_title: GROUP.title,
      thread_id: null,
    });
  });

  it('keeps the topic of a message in a forum topic', () => {
    const turn = turnOf(forumMessage({ ...inTopic(4_294_967_297), text: WHOLE_TEXT }));
    expect(turn).toMatchObject({ chat_id: String(FORUM.id), thread_id: '4294967297', is_forum: true });
  });

  it('takes the thread of mere replies for no topic', () => {
    expect(turnOf(groupMessage({ message_thread_id: 17, text: WHOLE_TEXT })).thread_id).toBeNull();
    expect(
      turnOf(forumMessage({ message_thread_id: 17, is_topic_message: false, text: WHOLE_TEXT })).thread_id,
    ).toBeNull();
  });

  it('knows the General topic as a forum without a topic', () => {
    expect(turnOf(forumMessage({ text: WHOLE_TEXT }))).toMatchObject({ thread_id: null, is_forum: true });
  });

  it('cuts names and titles to what a turn may hold, and never through an emoji', () => {
    const { chat_title, sender } = turnOf(
      groupMessage({
        text: WHOLE_TEXT,
        chat: { ...GROUP, title: 't'.repeat(300) },
        from: {
          ...ADA,
          first_name: '🚀'.repeat(64),
          last_name: '🚀'.repeat(64),
          username: 'u'.repeat(65),
          language_code: 'l'.repeat(36),
        },
      }),
    );
    expect(chat_title).toBe('t'.repeat(256));
    expect(sender.name).toHaveLength(256);
    expect(sender.name.isWellFormed()).toBe(true);
    expect(sender.username).toBe('u'.repeat(64));
    expect(sender.language_code).toBe('l'.repeat(35));
  });

  it('does without what a sender need not have', () => {
    const from = { id: ALLOWED_ID, is_bot: false, first_name: 'Ada' };
    expect(turnOf(privateMessage({ from, text: WHOLE_TEXT })).sender).toEqual({
      id: String(ALLOWED_ID),
      name: 'Ada',
    });
  });
});

describe('who is heard', () => {
  it('refuses a stranger in a private chat and ignores one in a group', () => {
    const content = { from: STRANGER, text: '/help' };
    expect(askOf(privateMessage(content))).toEqual({ kind: 'refusal', reason: 'stranger' });
    expect(reasonOf(groupMessage(content))).toBe('stranger_in_group');
  });

  it.each([
    ['another bot', { from: { ...ADA, is_bot: true } }],
    ['an anonymous administrator', { from: ANONYMOUS_ADMIN, sender_chat: GROUP }],
    ['someone who writes as a channel', { sender_chat: { id: -1_001_222_333_444, type: 'channel' } }],
    ['nobody', { from: undefined }],
  ])('ignores %s', (_who, content) => {
    expect(reasonOf(groupMessage({ ...content, text: WHOLE_TEXT }))).toBe('no_person');
  });

  it.each([
    ['members that joined', { new_chat_members: [ADA] }],
    ['a topic that was created', { ...inTopic(5), forum_topic_created: { name: 'Engines', icon_color: 1 } }],
    ['a message that was pinned', { pinned_message: { message_id: 1, date: 0, chat: GROUP } }],
  ])('ignores the service message about %s', (_what, content) => {
    expect(reasonOf(forumMessage(content))).toBe('service_message');
  });

  it.each([
    ['the old group', { migrate_to_chat_id: -1_009 }, '-1001987654321', '-1009'],
    ['the new supergroup', { migrate_from_chat_id: -7 }, '-7', '-1001987654321'],
    [
      'an anonymous administrator',
      { migrate_from_chat_id: -7, from: ANONYMOUS_ADMIN },
      '-7',
      '-1001987654321',
    ],
    ['nobody', { migrate_from_chat_id: -7, from: undefined }, '-7', '-1001987654321'],
    ['a stranger', { migrate_from_chat_id: -7, from: STRANGER }, '-7', '-1001987654321'],
  ])(
    'lets the conversation follow a group that became a supergroup, as told by %s',
    (_who, content, from, to) => {
      const turn = turnOf(groupMessage(content));
      expect(turn.ask).toEqual({ kind: 'migration', from_chat_id: from, to_chat_id: to });
      // With what was asked in that chat, in its order.
      expect(groupOf(turn)).toBe('-1001987654321:0');
    },
  );

  it('answers no service message, not even a stranger’s in private', () => {
    expect(reasonOf(privateMessage({ from: STRANGER, pinned_message: {} }))).toBe('service_message');
  });

  it.each(['channel_post', 'edited_message', 'edited_channel_post', 'callback_query', 'my_chat_member'])(
    'ignores the update %s and says which it was',
    (field) => {
      const update = updateOf(field, groupMessage({ text: WHOLE_TEXT }).message);
      expect(parseUpdate(update, RECEPTION)).toEqual({
        kind: 'ignored',
        reason: 'other_update',
        updateId: update.update_id,
      });
    },
  );

  it.each([
    undefined,
    null,
    42,
    'update',
    [],
    {},
    { update_id: -1 },
    { update_id: 1, message: { text: 'hi' } },
    privateMessage({ text: WHOLE_TEXT, date: 1e15 }),
    privateMessage({ text: WHOLE_TEXT, from: { ...ADA, id: 'Ada' } }),
  ])('ignores what is no update of Telegram: %j', (update) => {
    expect(reasonOf(update)).toBe('malformed');
  });
});

describe('what is asked', () => {
  it.each([
    ['a place', { location: { latitude: 1, longitude: 2 } }],
    ['a poll', { poll: { id: '1', question: 'What?', options: [] } }],
    ['a dice', { dice: { emoji: '🎲', value: 6 } }],
    ['a file that cannot be read', { document: { file_id: 7 } }],
    ['white space', { text: ' \n ' }],
  ])('refuses %s as neither text nor file', (_what, content) => {
    expect(askOf(privateMessage(content))).toEqual({ kind: 'refusal', reason: 'not_text' });
  });

  it('refuses a text that is too long for the agent and takes the longest one that is not', () => {
    const longest = 'x'.repeat(MAX_USER_MESSAGE_LENGTH);
    expect(askOf(privateMessage({ text: `${longest}x` }))).toEqual({ kind: 'refusal', reason: 'too_long' });
    expect(askOf(privateMessage({ text: ` ${longest} ` }))).toEqual({ kind: 'message', text: longest });
  });

  it.each([
    ['/start', { command: 'start' }],
    ['/start deep-link_payload', { command: 'start' }],
    ['/help', { command: 'help' }],
    [`/help@${OUR_BOT}`, { command: 'help' }],
    ['/help@Our_Bot now', { command: 'help' }],
    ['/NEW', { command: 'new' }],
    ['  /status  ', { command: 'status' }],
    ['/new Plan a trip\nto Oslo ', { command: 'new', text: 'Plan a trip\nto Oslo' }],
    [`/new@${OUR_BOT}\n\nPlan a trip`, { command: 'new', text: 'Plan a trip' }],
  ])('knows the command %j', (text, command) => {
    expect(askOf(groupMessage({ text }))).toEqual({ kind: 'command', ...command });
  });

  it('leaves the commands of another bot to that one', () => {
    expect(reasonOf(groupMessage({ text: '/help@other_bot' }))).toBe('other_bot');
    expect(reasonOf(groupMessage({ text: '/new@our_bot_2 Plan a trip' }))).toBe('other_bot');
  });

  it('takes every addressed command for its own while it does not know its name', () => {
    const { allowedUsers } = RECEPTION;
    const parsed = parseUpdate(groupMessage({ text: '/help@any_bot' }), { allowedUsers });
    expect(parsed).toMatchObject({ turn: { ask: { kind: 'command', command: 'help' } } });
  });

  it.each([
    '/compact',
    '/newest plan',
    '/new-plan',
    '/',
    '/usr/bin/env is missing',
    'see /help',
    '/news@our_bot',
  ])('hands %j on as text, since it is no command of its own', (text) => {
    expect(askOf(privateMessage({ text }))).toEqual({ kind: 'message', text });
  });

  it.each([
    ['@our_bot what is new?', 'what is new?'],
    ['@OUR_BOT   what is new?', 'what is new?'],
    ['@our_bot\nwhat is new?', 'what is new?'],
    ['@our_bot_2 what is new?', '@our_bot_2 what is new?'],
    ['@our_bot-fan what is new?', '@our_bot-fan what is new?'],
    ['ask @our_bot what is new', 'ask @our_bot what is new'],
    ['@our_bot', '@our_bot'],
  ])('strips its own mention from the start alone: %j', (text, asked) => {
    expect(askOf(groupMessage({ text }))).toEqual({ kind: 'message', text: asked });
  });
});

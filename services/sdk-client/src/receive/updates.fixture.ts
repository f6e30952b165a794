/** Someone who may talk to the bot; the id does not fit into 32 bits, as many do not. */
export const ALLOWED_ID = 7_123_456_789;
export const STRANGER_ID = 7_987_654_321;
export const OUR_BOT = 'our_bot';
export const RECEPTION = { allowedUsers: new Set([String(ALLOWED_ID)]), botUsername: OUR_BOT };

export const GROUP = { id: -1_001_987_654_321, type: 'supergroup', title: 'Rocket club' };
export const FORUM = { id: -1_001_555_666_777, type: 'supergroup', title: 'Rocket forum', is_forum: true };

export const ADA = {
  id: ALLOWED_ID,
  is_bot: false,
  first_name: 'Ada',
  last_name: 'Lovelace',
  username: 'ada_l',
  language_code: 'en',
};
export const STRANGER = { id: STRANGER_ID, is_bot: false, first_name: 'Eve' };
/** Stands in `from` when an administrator hides behind the group. */
export const ANONYMOUS_ADMIN = {
  id: 1_087_968_824,
  is_bot: true,
  first_name: 'Group',
  username: 'GroupAnonymousBot',
};

export type RawUpdate = { update_id: number } & Record<string, unknown>;

const UPDATE_ID = 812_345_678;
const MESSAGE_ID = 42;
/** 2026-01-02 03:04:05 UTC, in seconds since 1970. */
const DATE_SECONDS = 1_767_323_045;

/** @returns a private message from Ada, unless the content says otherwise. */
export function privateMessage(content: object): RawUpdate {
  const { id, first_name, last_name, username } = ADA;
  return messageIn({ id, first_name, last_name, username, type: 'private' }, content);
}

/** @returns Ada's message in a group, unless the content says otherwise. */
export function groupMessage(content: object): RawUpdate {
  return messageIn(GROUP, content);
}

/** @returns Ada's message in a forum, in General unless the content names a topic. */
export function forumMessage(content: object): RawUpdate {
  return messageIn(FORUM, content);
}

/** @returns what comes with a message in a forum's topic: an implicit reply to the message that created it. */
export function inTopic(threadId: number): object {
  return {
    message_thread_id: threadId,
    is_topic_message: true,
    reply_to_message: {
      message_id: threadId,
      message_thread_id: threadId,
      is_topic_message: true,
      forum_topic_created: { name: 'Engines', icon_color: 7_322_096 },
      chat: FORUM,
      from: ADA,
      date: DATE_SECONDS,
    },
  };
}

/** @returns an update that carries the same message under another name, such as `edited_message`. */
export function updateOf(field: string, value: unknown): RawUpdate {
  return { update_id: UPDATE_ID, [field]: value };
}

function messageIn(chat: object, content: object): RawUpdate {
  return updateOf('message', { message_id: MESSAGE_ID, from: ADA, chat, date: DATE_SECONDS, ...content });
}

/** Takes every stop and forgets it. */
export const NO_STOPS = { request: () => Promise.resolve() };
export const NO_BACKLOG = { add: () => Promise.resolve() };

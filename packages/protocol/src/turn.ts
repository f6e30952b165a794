import { z } from 'zod';
import { MAX_ATTACHMENTS, telegramFileSchema } from './attachment.ts';
import { telegramId, sessionKey } from './identifiers.ts';
import { MAX_USER_MESSAGE_LENGTH } from './run-request.ts';

export const COMMANDS = ['start', 'help', 'new', 'stop', 'status', 'files', 'export', 'debug'] as const;
export type Command = (typeof COMMANDS)[number];

/** Why an authenticated update is answered with a sentence instead of the agent. */
export type Refusal = (typeof REFUSALS)[number];
const REFUSALS = ['stranger', 'too_long', 'not_text', 'file_too_large'] as const;

const ask = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('message'),
      /** Empty only beside files. */
      text: z.string().max(MAX_USER_MESSAGE_LENGTH),
      files: z.array(telegramFileSchema).min(1).max(MAX_ATTACHMENTS).optional(),
      /** Names what was sent together, one message a file. */
      album: z.string().max(64).optional(),
    }),
    z.object({
      kind: z.literal('command'),
      command: z.enum(COMMANDS),
      /** What followed the command: `/new` takes it as the first message of the new conversation. */
      text: z.string().min(1).max(MAX_USER_MESSAGE_LENGTH).optional(),
    }),
    z.object({ kind: z.literal('refusal'), reason: z.enum(REFUSALS) }),
    /** A group became a supergroup, and has another chat id since. Nobody asked for anything. */
    z.object({ kind: z.literal('migration'), from_chat_id: telegramId, to_chat_id: telegramId }),
    /** The answer to this update could not be delivered: it is kept, and tried again with long pauses. Made by the worker, never by an update. */
    z.object({ kind: z.literal('kept_answer'), of: z.int().min(0) }),
  ])
  .refine((asked) => asked.kind !== 'message' || asked.text !== '' || asked.files !== undefined, {
    error: 'a message has a text or files',
  });

/** One update's worth of work, from the webhook to the worker. */
export const turnSchema = z
  .object({
    update_id: z.int().min(0),
    chat_id: telegramId,
    chat_type: z.enum(['private', 'group', 'supergroup', 'channel']),
    chat_title: z.string().max(256).optional(),
    /** Only a forum topic (`is_topic_message`) has one; a mere reply thread does not. */
    thread_id: telegramId.nullable(),
    /** True in a forum's General topic, where `sendChatAction` needs thread 1 although messages carry none. */
    is_forum: z.boolean(),
    message_id: z.int(),
    sender: z.object({
      id: telegramId,
      name: z.string().max(256),
      username: z.string().max(64).optional(),
      language_code: z.string().max(35).optional(),
    }),
    received_at: z.iso.datetime(),
    ask,
  })
  .meta({ id: 'Turn' });
export type Turn = z.infer<typeof turnSchema>;

/** @returns `chat_id:thread_id`, which names the session and orders the queue. */
export function sessionKeyOf(turn: Turn): string {
  return sessionKey(turn.chat_id, turn.thread_id);
}

/** Telegram's update ids are 32-bit numbers (https://core.telegram.org/bots/api#update), so those from here on are ours. */
const FIRST_OWN_UPDATE_ID = 2 ** 40;

/** @returns the turn that delivers the answer to the given one later. */
export function keptAnswerOf(turn: Turn): Turn {
  const { update_id: of } = turn;
  return { ...turn, update_id: FIRST_OWN_UPDATE_ID + of, ask: { kind: 'kept_answer', of } };
}

/** @returns the group of all answers that are kept for a chat, whatever their topics. */
export function keptGroupOf({ chat_id: chatId }: Turn): string {
  return `${sessionKey(chatId, null)}:kept`;
}

/**
 * @returns the queue's message group: turns of one group are handled one after another, in order. What does not touch the
 * session (help, status, refusals) has a group of its own, so that it is not stuck behind a running turn; so have kept answers, which hold
 * nothing up.
 */
export function groupOf(turn: Turn): string {
  const { ask } = turn;
  if (ask.kind === 'kept_answer') return keptGroupOf(turn);
  const touchesSession =
    ask.kind === 'message' || ask.kind === 'migration' || (ask.kind === 'command' && ask.command === 'new');
  return touchesSession ? sessionKeyOf(turn) : `${sessionKeyOf(turn)}:aside`;
}

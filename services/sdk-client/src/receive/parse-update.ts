// raw update → who may ask? → what is asked → a turn, or the reason why there is none
import {
  type Command,
  COMMANDS,
  MAX_USER_MESSAGE_LENGTH,
  type TelegramFile,
  type Turn,
} from '@omnicloud/protocol';
import { filesOf, isTooLarge } from './files-of.ts';
import { type IncomingMessage, MEDIA_FIELDS, updateSchema } from './update-schema.ts';

export interface Reception {
  /** Telegram user ids that may talk to the agent; nobody else may. */
  readonly allowedUsers: ReadonlySet<string>;
  /** The bot's own username without "@": a command addressed to another bot is not ours. */
  readonly botUsername?: string;
}

export type Parsed =
  { kind: 'turn'; turn: Turn } | { kind: 'ignored'; reason: IgnoreReason; updateId?: number };

export type IgnoreReason =
  'malformed' | 'other_update' | 'no_person' | 'stranger_in_group' | 'other_bot' | 'service_message';

/** @param update as Telegram sends it; anything may come. */
export function parseUpdate(update: unknown, reception: Reception): Parsed {
  const parsed = updateSchema.safeParse(update);
  if (!parsed.success) return { kind: 'ignored', reason: 'malformed' };
  const { update_id: updateId, message } = parsed.data;
  // Edits, channel posts, reactions: answering an edit would run the same request again.
  if (!message) return { kind: 'ignored', reason: 'other_update', updateId };
  const ask = readMessage(message, reception);
  return typeof ask === 'string'
    ? { kind: 'ignored', reason: ask, updateId }
    : { kind: 'turn', turn: { update_id: updateId, ...placeOf(message), sender: senderOf(message), ask } };
}

function readMessage(message: IncomingMessage, reception: Reception): Turn['ask'] | IgnoreReason {
  const migration = migrationOf(message);
  // Telegram's own word on the chat, whoever did it: the conversation must not be lost.
  if (migration) return migration;
  // An anonymous administrator or a channel hides the person behind it, and another bot could talk to ours for ever.
  if (!message.from || message.from.is_bot || message.sender_chat) return 'no_person';
  if (!isAsking(message)) return 'service_message';
  if (!reception.allowedUsers.has(String(message.from.id))) {
    return message.chat.type === 'private' ? { kind: 'refusal', reason: 'stranger' } : 'stranger_in_group';
  }
  const text = (message.text ?? message.caption)?.trim() ?? '';
  const files = filesOf(message);
  if (text === '' && files.length === 0) return { kind: 'refusal', reason: 'not_text' };
  // Beside words or other files, the file alone is left out.
  if (text === '' && message.media_group_id === undefined && files.every(isTooLarge))
    return { kind: 'refusal', reason: 'file_too_large' };
  if (text.length > MAX_USER_MESSAGE_LENGTH) return { kind: 'refusal', reason: 'too_long' };
  return files.length === 0
    ? readText(text, reception.botUsername)
    : withFiles(text, { files, message, reception });
}

/** A caption says what is to be done with the file, so it is never a command. */
function withFiles(
  text: string,
  {
    files,
    message: { media_group_id: album },
    reception: { botUsername },
  }: { readonly files: TelegramFile[]; readonly message: IncomingMessage; readonly reception: Reception },
): Turn['ask'] {
  return {
    kind: 'message',
    text: withoutMention(text, botUsername),
    files,
    ...(album === undefined ? {} : { album: cut(album, 64) }),
  };
}

/** Both chats tell of it, in any order: the old one as the last message, the new one as the first. */
function migrationOf(message: IncomingMessage): Turn['ask'] | undefined {
  const { chat, migrate_to_chat_id: to, migrate_from_chat_id: from } = message;
  if (to === undefined && from === undefined) return undefined;
  return {
    kind: 'migration',
    from_chat_id: String(from ?? chat.id),
    to_chat_id: String(to ?? chat.id),
  };
}

function isAsking(message: IncomingMessage): boolean {
  return message.text !== undefined || MEDIA_FIELDS.some((field) => message[field] !== undefined);
}

function readText(text: string, botUsername: string | undefined): Turn['ask'] | IgnoreReason {
  const command = /^\/([a-z0-9_]{1,32})(?:@([a-z0-9_]+))?(?:\s+([\s\S]+))?$/i.exec(text);
  if (!command) return { kind: 'message', text: withoutMention(text, botUsername) };
  const [, name = '', addressee, rest] = command;
  if (
    addressee !== undefined &&
    botUsername !== undefined &&
    addressee.toLowerCase() !== botUsername.toLowerCase()
  ) {
    return 'other_bot';
  }
  const known = COMMANDS.find((candidate): candidate is Command => candidate === name.toLowerCase());
  // An unknown command is the user's own text: the agent may know what to do with it.
  if (known === undefined) return { kind: 'message', text };
  return {
    kind: 'command',
    command: known,
    ...(known === 'new' && rest !== undefined ? { text: rest } : {}),
  };
}

/** "@our_bot what is …" asks "what is …". */
function withoutMention(text: string, botUsername: string | undefined): string {
  const [, addressee, rest] = /^@([a-z0-9_]+)\s+([\s\S]+)$/i.exec(text) ?? [];
  const isOurs = botUsername !== undefined && addressee?.toLowerCase() === botUsername.toLowerCase();
  return isOurs && rest !== undefined ? rest : text;
}

type Place = Omit<Turn, 'update_id' | 'sender' | 'ask'>;

function placeOf(message: IncomingMessage): Place {
  const { chat } = message;
  const isTopic = message.is_topic_message === true && message.message_thread_id !== undefined;
  return {
    chat_id: String(chat.id),
    chat_type: chat.type,
    ...(chat.title === undefined ? {} : { chat_title: cut(chat.title, 256) }),
    // Without is_topic_message it names a mere reply thread, and sending it back fails in a forum.
    thread_id: isTopic ? String(message.message_thread_id) : null,
    is_forum: chat.is_forum === true,
    message_id: message.message_id,
    received_at: new Date(message.date * 1000).toISOString(),
  };
}

/** Only a service message may come from nobody; it stands for the chat itself. */
function senderOf({ from, chat }: IncomingMessage): Turn['sender'] {
  if (!from) return { id: String(chat.id), name: cut(chat.title ?? '', 256) };
  return {
    id: String(from.id),
    name: cut([from.first_name, from.last_name].filter(Boolean).join(' '), 256),
    ...(from.username === undefined ? {} : { username: cut(from.username, 64) }),
    ...(from.language_code === undefined ? {} : { language_code: cut(from.language_code, 35) }),
  };
}

/** A cut through an emoji must not leave half of it: no UTF-8 can carry that. */
function cut(text: string, maxLength: number): string {
  return text.slice(0, maxLength).toWellFormed();
}

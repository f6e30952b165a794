import { z } from 'zod';

/**
 * Telegram ids exceed 32 bits and supergroups are negative, so an id travels as a decimal string.
 * A JSON number is accepted too (the plan's `curl` sends one) and becomes its string.
 */
export const telegramId = z
  .union([z.string().regex(/^-?\d{1,19}$/, 'must be a decimal integer'), z.int()])
  .transform(String)
  .meta({ description: 'A Telegram id: a decimal string, or an integer', example: '123456789' });

/** A session is named by a UUID that the agent container chooses before the first run. */
export const sessionId = z.uuid().toLowerCase().meta({ description: 'The session, a UUID' });

/** A forum topic's `message_thread_id`; topics are numbered from 1, so 0 can stand for "no topic". */
const NO_TOPIC = '0';

/** `chat_id:thread_id`, the durable name of one conversation; a chat without topics has thread 0. */
export function sessionKey(chatId: string, threadId?: string | null): string {
  return `${chatId}:${threadId ?? NO_TOPIC}`;
}

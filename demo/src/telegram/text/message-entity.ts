import type { MessageEntity } from 'grammy/types';
import { z } from 'zod';

/** Offset and length in UTF-16 code units; whether they fit the text is checked with the text. */
const range = { offset: z.int(), length: z.int() };

const PLAIN_TYPES = [
  'mention',
  'hashtag',
  'cashtag',
  'bot_command',
  'url',
  'email',
  'phone_number',
  'bold',
  'italic',
  'underline',
  'strikethrough',
  'spoiler',
  'blockquote',
  'expandable_blockquote',
  'code',
] as const;

type DateTimeFormat = MessageEntity.DateTimeMessageEntity['date_time_format'];

/** A MessageEntity as a bot may send it. */
export const messageEntity: z.ZodType<MessageEntity> = z.discriminatedUnion('type', [
  z.object({ type: z.enum(PLAIN_TYPES), ...range }),
  z.object({ type: z.literal('pre'), language: z.string().exactOptional(), ...range }),
  z.object({ type: z.literal('text_link'), url: z.string(), ...range }),
  z.object({
    type: z.literal('text_mention'),
    user: z.looseObject({ id: z.int(), is_bot: z.boolean(), first_name: z.string() }),
    ...range,
  }),
  z.object({ type: z.literal('custom_emoji'), custom_emoji_id: z.string(), ...range }),
  z.object({
    type: z.literal('date_time'),
    unix_time: z.int(),
    date_time_format: z.custom<DateTimeFormat>((value) => /^(?:r|w?[dD]?[tT]?)$/.test(String(value))),
    ...range,
  }),
]);

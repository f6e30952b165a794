import { z } from 'zod';

const id = z.int();
const title = z.string().optional();

/** The end of the year 9999: a later date has no plain ISO form. In seconds since 1970. */
const LATEST_DATE_SECONDS = 253_402_300_799;

/** Any kind of file in a message; read by itself, so that one that cannot be read does not hide the message. */
export const fileSchema = z.looseObject({
  file_id: z.string().min(1).max(512),
  file_name: z.string().optional(),
  mime_type: z.string().optional(),
  file_size: z.int().min(0).optional(),
});
export type IncomingFile = z.infer<typeof fileSchema>;

/** The sizes of a photo. */
export const photoSchema = z.array(fileSchema.extend({ width: id, height: id })).min(1);

/** The parts of a Bot API 10.3 `Message` that decide what becomes of it. */
const messageSchema = z.looseObject({
  message_id: id,
  message_thread_id: id.optional(),
  is_topic_message: z.boolean().optional(),
  date: z.int().min(0).max(LATEST_DATE_SECONDS),
  chat: z.looseObject({
    id,
    type: z.enum(['private', 'group', 'supergroup', 'channel']),
    title,
    is_forum: z.boolean().optional(),
  }),
  from: z
    .looseObject({
      id,
      is_bot: z.boolean(),
      first_name: z.string(),
      last_name: z.string().optional(),
      username: z.string().optional(),
      language_code: z.string().optional(),
    })
    .optional(),
  sender_chat: z.looseObject({ id }).optional(),
  migrate_to_chat_id: id.optional(),
  migrate_from_chat_id: id.optional(),
  text: z.string().optional(),
  caption: z.string().optional(),
  media_group_id: z.string().optional(),
});
export type IncomingMessage = z.infer<typeof messageSchema>;

export const updateSchema = z.looseObject({
  update_id: z.int().min(0),
  message: messageSchema.optional(),
});

/** What people send besides text (Bot API 10.3): any of these in a message deserves an answer, a service message does not. */
export const MEDIA_FIELDS = [
  'animation',
  'audio',
  'contact',
  'dice',
  'document',
  'live_photo',
  'location',
  'photo',
  'poll',
  'sticker',
  'story',
  'venue',
  'video',
  'video_note',
  'voice',
] as const;

import { z } from 'zod';

/** What a bot can download of one file. https://core.telegram.org/bots/api#getfile In bytes. */
export const MAX_ATTACHMENT_BYTES = 20_000_000;
/** The most files that one question to the agent comes with. */
export const MAX_ATTACHMENTS = 20;

/** A name as its sender chose it: not fit to be a path. */
const name = z.string().max(255);
const mediaType = z.string().max(127);

/** A file that a user sent, as Telegram knows it. */
export const telegramFileSchema = z.object({
  file_id: z.string().min(1).max(512),
  name,
  media_type: mediaType.optional(),
  /** In bytes, when Telegram says it. */
  size: z.int().min(0).optional(),
});
export type TelegramFile = z.infer<typeof telegramFileSchema>;

/** A file that was put into the store for a request; the conversation's key and this id say where. */
export const attachmentSchema = z
  .object({
    id: z
      .string()
      .regex(/^\d{1,16}-\d{1,3}$/)
      .meta({ description: 'Where it lies in the store: `inbox/{chat_id}_{thread_id}/{id}`' }),
    name: name.meta({ description: 'As its sender named it; the agent sees a safe form of it' }),
    media_type: mediaType.optional(),
  })
  .meta({ id: 'Attachment', description: 'A file that the user sent with the message' });
export type Attachment = z.infer<typeof attachmentSchema>;

/** Why a file of a user is not there: larger than a bot may have it, refused by Telegram for good, or not to be had in several tries. */
const MISSING_REASONS = ['too_large', 'refused', 'unavailable'] as const;

/** A file that the user sent with the message and that the agent has to do without. */
export const missingFileSchema = z
  .object({
    name: name.meta({ description: 'As its sender named it' }),
    reason: z.enum(MISSING_REASONS),
  })
  .meta({ id: 'MissingFile', description: 'A file that the user sent and that could not be fetched' });
export type MissingFile = z.infer<typeof missingFileSchema>;

/** A file that the agent sends to the chat. */
export const sentFileSchema = z.object({
  file_id: z.uuid().meta({ description: '`GET /session/{session_id}/outbox/{file_id}` gives its content' }),
  name: z
    .string()
    .min(1)
    .max(255)
    .meta({ description: 'Without a path, line breaks and control characters' }),
  size: z.int().min(1).meta({ description: 'In bytes' }),
  caption: z.string().max(1_024).optional().meta({ description: 'Plain text' }),
});
export type SentFile = z.infer<typeof sentFileSchema>;

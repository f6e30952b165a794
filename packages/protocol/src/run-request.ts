import { z } from 'zod';
import { attachmentSchema, MAX_ATTACHMENTS, missingFileSchema } from './attachment.ts';
import { sessionId, telegramId } from './identifiers.ts';

/**
 * The longest message that reaches the agent, in UTF-16 code units. Telegram's own limit is 4096, but merged
 * and forwarded text may be longer; at 3 bytes a character this still fits an SQS message of 1 MiB.
 */
export const MAX_USER_MESSAGE_LENGTH = 200_000;

const userMessage = z
  .string()
  .max(MAX_USER_MESSAGE_LENGTH)
  .meta({ description: 'What the user says; empty only beside attachments' });

const attachments = z.array(attachmentSchema).max(MAX_ATTACHMENTS).optional().meta({
  description: 'Files that lie in the store for this message; they need `metadata.session_key` or `chat_id`',
});

const missingFiles = z.array(missingFileSchema).max(MAX_ATTACHMENTS).optional().meta({
  description:
    'Files that the user sent with the message and that could not be fetched; the agent is told so',
});

/** Whoever says nothing sends at least a file. */
function saysSomething(request: { user_message: string; attachments?: unknown[] | undefined }): boolean {
  return request.user_message !== '' || (request.attachments?.length ?? 0) > 0;
}
const SAYS_NOTHING = { error: 'is empty, and nothing is attached', path: ['user_message'] };

/** Who asks and where, as far as the front end knows; every field is optional, unknown ones are kept. */
const runMetadataSchema = z
  .looseObject({
    chat_type: z.enum(['private', 'group', 'supergroup', 'channel']).optional(),
    chat_title: z.string().max(256).optional(),
    message_id: z.int().optional(),
    session_key: z
      .string()
      .max(64)
      .optional()
      .meta({ description: '`chat_id:thread_id`, under which the user may stop the turn' }),
    update_id: z.int().min(0).optional().meta({ description: 'A stop covers the turns with a smaller one' }),
    sender: z
      .object({ id: telegramId, name: z.string().max(256), username: z.string().max(64).optional() })
      .optional(),
  })
  .meta({ id: 'RunMetadata' });
export type RunMetadata = z.infer<typeof runMetadataSchema>;

/** As long as the server's own limit may be. */
const MAX_TIME_LIMIT_MS = 86_400_000;

const timeLimitMs = z.int().min(1_000).max(MAX_TIME_LIMIT_MS).optional().meta({
  description:
    'How long the caller can wait, in ms from the arrival of the request; then the run is interrupted, saved and `paused`. The server may have a shorter limit.',
});

const replayOnly = z.boolean().optional().meta({
  description:
    'Asks only for the answer that is saved under the `Idempotency-Key`, which must be given: nothing is run and no session begins. Without a finished answer under this key, the request is refused with `not_found`.',
});

/** `POST /session/create` */
export const createSessionSchema = z
  .object({
    chat_id: telegramId,
    thread_id: telegramId.nullish(),
    user_message: userMessage,
    attachments,
    missing_files: missingFiles,
    metadata: runMetadataSchema.optional(),
    time_limit_ms: timeLimitMs,
    replay_only: replayOnly,
  })
  .refine(saysSomething, SAYS_NOTHING)
  .meta({ id: 'CreateSession' });

/** `POST /session/{session_id}/message` */
export const sendMessageSchema = z
  .object({
    user_message: userMessage,
    attachments,
    missing_files: missingFiles,
    metadata: runMetadataSchema.optional(),
    time_limit_ms: timeLimitMs,
    replay_only: replayOnly,
  })
  .refine(saysSomething, SAYS_NOTHING)
  .meta({ id: 'SendMessage' });

export const sessionPathSchema = z.object({ session_id: sessionId });

export const routes = {
  create: '/session/create',
  message: '/session/:session_id/message',
  health: '/health',
} as const;

/** @returns the path of `POST /session/{session_id}/message` for one session. */
export function messagePath(id: string): string {
  return routes.message.replace(':session_id', id);
}

/** Names one turn: asked again with the same value, it is answered from what was saved instead of run again. */
export const IDEMPOTENCY_HEADER = 'idempotency-key';
export const MAX_IDEMPOTENCY_KEY_LENGTH = 128;

/**
 * Names the conversation (`chat_id:thread_id`) of a request for whatever stands in front of the server: on AWS, Lambda keeps the
 * environments of one conversation apart from those of the others by it. A request whose body names another conversation is refused, and a
 * session of another one is unknown.
 */
export const SESSION_KEY_HEADER = 'x-session-key';

export const NDJSON_MEDIA_TYPE = 'application/x-ndjson';

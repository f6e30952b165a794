import { createHash } from 'node:crypto';
import { type Attachment, sentFileSchema } from '@omnicloud/protocol';
import { z } from 'zod';
import { AgentError } from '../errors.ts';

/**
 * What the session's last turn answered, kept beside the conversation: a caller that never heard the end of it asks again with
 * the same key, and gets the same answer instead of a second run.
 */
const lastTurnSchema = z.object({
  idempotency_key: z.string(),
  /** Of what was asked under the key; older records have none. */
  question_sha256: z.string().optional(),
  /** Of the conversation that this turn ended with. It is written after this, so only a match says that the turn was saved. */
  conversation_sha256: z.string(),
  answer: z.string(),
  cost_usd: z.number(),
  turns: z.int(),
  is_stopped: z.boolean(),
  is_paused: z.boolean(),
  /** It reached its output limit; older records have none. */
  is_cut: z.boolean().optional(),
  /** Its run failed; asked again, the agent goes on from what is saved. Older records have none. */
  is_unfinished: z.boolean().optional(),
  /** Of an unfinished turn: where it begins in the conversation, in bytes, when the model refused what was added since. */
  refused_from: z.int().min(0).optional(),
  /** What the agent sent to the chat; older records have none. */
  files: z.array(sentFileSchema).default([]),
  usage: z.object({
    input_tokens: z.int(),
    output_tokens: z.int(),
    cache_read_input_tokens: z.int(),
    cache_creation_input_tokens: z.int(),
  }),
});
export type LastTurn = z.infer<typeof lastTurnSchema>;

export function encodeLastTurn(
  turn: Omit<LastTurn, 'conversation_sha256'>,
  conversation: Uint8Array,
): Uint8Array {
  const whole: LastTurn = { ...turn, conversation_sha256: digest(conversation) };
  return new TextEncoder().encode(`${JSON.stringify(whole)}\n`);
}

/** What a turn asks: the words and the files. Metadata and time limits are left out, because they may differ from try to try. */
export interface Question {
  readonly userMessage: string;
  readonly attachments: readonly Pick<Attachment, 'id'>[] | undefined;
}

/** @returns the question's SHA-256 in hex. */
export function questionDigest({ userMessage, attachments = [] }: Question): string {
  return digest(Buffer.from(JSON.stringify([userMessage, attachments.map(({ id }) => id)])));
}

/**
 * @returns the turn that was asked with this key, when the stored conversation ends with it.
 * @throws AgentError `key_reused` when that turn asked something else.
 */
export function replayable(
  stored: { conversation: Uint8Array | undefined; lastTurn: Uint8Array | undefined },
  idempotencyKey: string | undefined,
  question: Question,
): LastTurn | undefined {
  if (!stored.conversation || !stored.lastTurn || idempotencyKey === undefined) return undefined;
  const turn = decode(stored.lastTurn);
  const isIt =
    turn?.idempotency_key === idempotencyKey && turn.conversation_sha256 === digest(stored.conversation);
  if (!isIt) return undefined;
  if (turn.question_sha256 !== undefined && turn.question_sha256 !== questionDigest(question))
    throw new AgentError('key_reused', 'Another question was asked under this Idempotency-Key');
  return turn;
}

/**
 * @returns where a turn begins in the stored conversation of which the model refused the end, in bytes; undefined when it refused nothing
 *   of it.
 */
export function refusedFrom(stored: {
  conversation: Uint8Array | undefined;
  lastTurn: Uint8Array | undefined;
}): number | undefined {
  if (!stored.conversation || !stored.lastTurn || !isAsSaved(stored.conversation, stored.lastTurn))
    return undefined;
  return decode(stored.lastTurn)?.refused_from;
}

/** @returns whether the conversation is, byte by byte, the one that the last turn was saved with; false also when nothing tells. */
export function isAsSaved(conversation: Uint8Array, lastTurn: Uint8Array | undefined): boolean {
  return lastTurn !== undefined && decode(lastTurn)?.conversation_sha256 === digest(conversation);
}

/** A damaged record only costs the replay. */
function decode(body: Uint8Array): LastTurn | undefined {
  try {
    return lastTurnSchema.safeParse(JSON.parse(new TextDecoder().decode(body))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function digest(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

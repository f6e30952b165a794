import { createHash } from 'node:crypto';
import { type Attachment, sentFileSchema, workspaceFiguresSchema } from '@omnicloud/protocol';
import { z } from 'zod';
import { AgentError } from '../errors.ts';
import { lossesSchema } from './losses.ts';

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
  /** What the turn lost when it began. The save that this belongs to ended the damage, so nothing else tells of it. Older records have none. */
  lost: lossesSchema.optional(),
  /** What was saved of the workspace, without what was lost of it; older records have none. */
  workspace: workspaceFiguresSchema.optional(),
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

/** A turn that is to be saved; the save itself adds the digest of the conversation and the figures of the workspace. */
export type TurnToKeep = Omit<LastTurn, 'conversation_sha256' | 'workspace'>;

/** @param saved the SHA-256 of the conversation that the turn ends with, in hex, and the figures of the workspace that goes with it. */
export function encodeLastTurn(
  turn: TurnToKeep,
  saved: { readonly sha256: string; readonly workspace?: LastTurn['workspace'] },
): Uint8Array {
  const whole: LastTurn = { ...turn, conversation_sha256: saved.sha256, workspace: saved.workspace };
  return new TextEncoder().encode(`${JSON.stringify(whole)}\n`);
}

/** What a turn asks: the words and the files. Metadata and time limits are left out, because they may differ from try to try. */
export interface Question {
  readonly userMessage: string;
  readonly attachments: readonly Pick<Attachment, 'id'>[] | undefined;
}

/** @returns the question's SHA-256 in hex. */
export function questionDigest({ userMessage, attachments = [] }: Question): string {
  const asked = JSON.stringify([userMessage, attachments.map(({ id }) => id)]);
  return createHash('sha256').update(asked).digest('hex');
}

/** What of a stored session tells about its last turn. */
interface Stored {
  /** Of the conversation, in hex; undefined when there is none, or it is not as it was stored. */
  readonly sha256?: string | undefined;
  readonly lastTurn: Uint8Array | undefined;
}

/**
 * @returns the turn that was asked with this key, when the stored conversation ends with it.
 * @throws AgentError `key_reused` when that turn asked something else.
 */
export function replayable(
  stored: Stored,
  idempotencyKey: string | undefined,
  question: Question,
): LastTurn | undefined {
  if (stored.sha256 === undefined || !stored.lastTurn || idempotencyKey === undefined) return undefined;
  const turn = decode(stored.lastTurn);
  if (turn?.idempotency_key !== idempotencyKey || turn.conversation_sha256 !== stored.sha256)
    return undefined;
  if (turn.question_sha256 !== undefined && turn.question_sha256 !== questionDigest(question))
    throw new AgentError('key_reused', 'Another question was asked under this Idempotency-Key');
  return turn;
}

/**
 * @returns where a turn begins in the stored conversation of which the model refused the end, in bytes; undefined when it refused nothing
 *   of it.
 */
export function refusedFrom({ sha256, lastTurn }: Stored): number | undefined {
  if (sha256 === undefined || !lastTurn || !isAsSaved(sha256, lastTurn)) return undefined;
  return decode(lastTurn)?.refused_from;
}

/** @returns whether the conversation of this SHA-256 is, byte by byte, the one that the last turn was saved with; false also when nothing tells. */
export function isAsSaved(sha256: string, lastTurn: Uint8Array | undefined): boolean {
  return lastTurn !== undefined && decode(lastTurn)?.conversation_sha256 === sha256;
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

import { createHash } from 'node:crypto';
import { sentFileSchema } from '@omnicloud/protocol';
import { z } from 'zod';

/**
 * What the session's last turn answered, kept beside the conversation: a caller that never heard the end of it asks again with
 * the same key, and gets the same answer instead of a second run.
 */
const lastTurnSchema = z.object({
  idempotency_key: z.string(),
  /** Of the conversation that this turn ended with. It is written after this, so only a match says that the turn was saved. */
  conversation_sha256: z.string(),
  answer: z.string(),
  cost_usd: z.number(),
  turns: z.int(),
  is_stopped: z.boolean(),
  is_paused: z.boolean(),
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

/** @returns the turn that was asked with this key, when the stored conversation ends with it. */
export function replayable(
  stored: { conversation: Uint8Array | undefined; lastTurn: Uint8Array | undefined },
  idempotencyKey: string | undefined,
): LastTurn | undefined {
  if (!stored.conversation || !stored.lastTurn || idempotencyKey === undefined) return undefined;
  const turn = decode(stored.lastTurn);
  const isIt =
    turn?.idempotency_key === idempotencyKey && turn.conversation_sha256 === digest(stored.conversation);
  return isIt ? turn : undefined;
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

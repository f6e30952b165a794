import { z } from 'zod';
import type { PostedPart } from '../reply/live-reply.ts';

/**
 * How far a turn has come. It only moves forward: `running` (a growing reply may be posted) → `answered` (the text is
 * final; the agent must not run again) → `delivered` (Telegram has all of it).
 */
export interface TurnRecord {
  readonly state: 'running' | 'answered' | 'delivered';
  /** The final text as Markdown, once it is known. */
  readonly answer?: string;
  readonly posted: readonly PostedPart[];
  /** The answer of earlier runs that reached their time limit, and how many there were. */
  readonly paused?: { readonly text: string; readonly runs: number };
}

/** A record as adapters read it back. */
export const turnRecordSchema = z.object({
  state: z.enum(['running', 'answered', 'delivered']),
  answer: z.string().exactOptional(),
  posted: z.array(z.object({ messageId: z.int(), shown: z.string() })),
  paused: z.object({ text: z.string(), runs: z.int() }).exactOptional(),
});

/**
 * Port: what is known of each turn, by `update_id`, so that a redelivered one goes on where it stopped.
 * A record outlives every redelivery of its turn; a store may forget it after 7 days.
 */
export interface TurnLedger {
  /** @returns the record, undefined for a turn that was never begun. */
  find(updateId: number): Promise<TurnRecord | undefined>;
  /** Creates or replaces the record; it is durable when this resolves. */
  save(updateId: number, record: TurnRecord): Promise<void>;
}

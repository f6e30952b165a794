import { missingFileSchema, sentFileSchema, telegramFileSchema, wireErrorSchema } from '@omnicloud/protocol';
import { z } from 'zod';

/** Whose outage a turn waits for: the agent server says it of all but Telegram. */
const outageCodeSchema = z.union([wireErrorSchema.shape.code, z.literal('telegram_unavailable')]);
export type OutageCode = z.infer<typeof outageCodeSchema>;

/** A file that goes with the answer. */
const turnFileSchema = sentFileSchema.extend({ session_id: z.string() });
export type TurnFile = z.infer<typeof turnFileSchema>;

/** A file of the user that the agent does without, by the id of its attachment. */
const missingAttachmentSchema = missingFileSchema.extend({ id: z.string() });
export type MissingAttachment = z.infer<typeof missingAttachmentSchema>;

/**
 * How far a turn has come. It only moves forward: `running` (a growing reply may be posted) → `answered` (the text is
 * final; the agent must not run again) → `delivered` (Telegram has all of it). A turn that was answered together with an
 * earlier one is `merged`.
 */
export const turnRecordSchema = z.object({
  state: z.enum(['running', 'answered', 'delivered', 'merged']),
  /** Grows by one with every save: a fencing token for the turn. */
  version: z.int().min(0).default(0),
  /** The delivery that saved it. */
  delivery: z.string().default(''),
  /** The user's files that the agent does without; decided before it is first asked, so that every delivery asks the same. */
  missing: z.array(missingAttachmentSchema).exactOptional(),
  /** The final text as Markdown, once it is known. */
  answer: z.string().exactOptional(),
  /** Whether the whole of an answer that is too long for messages is in the chat as a file. */
  isAnswerAttached: z.boolean().exactOptional(),
  /** The topic took no messages, so the answer goes to the chat itself, where a word says where it belongs. */
  isOutsideTopic: z.boolean().exactOptional(),
  /** The chat refuses the answer, so another turn delivers it later: this one only hands it on. */
  isKept: z.boolean().exactOptional(),
  posted: z.array(z.object({ messageId: z.int(), shown: z.string() })),
  /** What the agent sends with the answer, and how many of these are in the chat. */
  files: z.array(turnFileSchema).exactOptional(),
  filesDelivered: z.int().min(0).exactOptional(),
  /** The messages that are documents of this turn. */
  documents: z.array(z.int()).exactOptional(),
  /** The part that is on its way to Telegram: whoever finds this cannot know whether it arrived. */
  sending: z.int().min(0).exactOptional(),
  /** How many sends nobody knows the end of. */
  undecidableSends: z.int().min(0).default(0),
  /** The answer of earlier runs that reached their time limit, and how many there were. */
  paused: z.object({ text: z.string(), runs: z.int() }).exactOptional(),
  /** Deliveries that were no try: they ended with the turn handed on, or put off because it was not their fault. */
  deferrals: z.int().min(0).default(0),
  /** How many deliveries have begun, those of giving up included; fewer than were given out when the ledger was away meanwhile. */
  begun: z.int().min(0).exactOptional(),
  /** The outage that the turn waits for, or waited for last. */
  outage: z
    .object({
      code: outageCodeSchema,
      /** How often it was put off because of one. */
      waits: z.int().min(0),
      /** How often of late because of this very one. */
      inRow: z.int().min(0).exactOptional(),
      /** The sum of all these waits, in ms. */
      waitedMs: z.number().min(0).exactOptional(),
      /** Whether its user was told. */
      isTold: z.boolean(),
      /** Whether the owner was told that it lasts, and the user why it may. */
      isLongTold: z.boolean().exactOptional(),
      /** Whether it waits; otherwise a delivery is at it. */
      isWaiting: z.boolean(),
      /** By what the queue can be told to give it out at once. */
      receipt: z.string().exactOptional(),
    })
    .exactOptional(),
  /** The session that `/new` leaves, empty for none: a redelivery must not leave the new one. */
  leaves: z.string().exactOptional(),
  /** The conversation could not be found and was left for a new one, and its user was not told so yet. */
  isSessionLost: z.boolean().exactOptional(),
  /** The conversation was damaged and has been repaired: how many of its turns lack something. Its user was not told so yet. */
  lostTurns: z.int().min(0).exactOptional(),
  /** Later turns that are answered with this one, in order. */
  merged: z
    .array(
      z.object({
        updateId: z.int(),
        messageId: z.int(),
        text: z.string(),
        files: z.array(telegramFileSchema).exactOptional(),
      }),
    )
    .exactOptional(),
  /** The turn that this one is answered with. */
  mergedInto: z.int().exactOptional(),
  /** Where the whole record lies, when it is too large for the ledger; see `SpillingTurnLedger`. Nobody else meets it. */
  spilledTo: z.string().exactOptional(),
});
export type TurnRecord = z.infer<typeof turnRecordSchema>;
export type MergedTurn = NonNullable<TurnRecord['merged']>[number];

/**
 * Port: what is known of each turn, by `update_id`, so that a redelivered one goes on where it stopped.
 * A record outlives every redelivery of its turn; a store may forget it after 7 days.
 */
export interface TurnLedger {
  /** @returns the record, undefined for a turn that was never begun. */
  find(updateId: number): Promise<TurnRecord | undefined>;
  /**
   * Saves the record if the stored one is its predecessor: `version - 1`, or none for version 1. Saving the very same one
   * again (version and delivery) succeeds. It is durable when this resolves.
   * @returns false when another delivery has gone on; nothing is changed then.
   */
  save(updateId: number, record: TurnRecord): Promise<boolean>;
}

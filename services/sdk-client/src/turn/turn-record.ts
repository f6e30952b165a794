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

/** The outage that the turn waits for, or waited for last. */
const waitsSchema = z.object({
  code: outageCodeSchema,
  /** How often the turn was put off because of an outage. */
  waits: z.int().min(0),
  /** How often of late because of this very outage. */
  inRow: z.int().min(0).exactOptional(),
  /** The sum of all these waits, in ms. */
  waitedMs: z.number().min(0).exactOptional(),
  /** Whether the user was told. */
  isTold: z.boolean(),
  /** Whether the owner was told that the outage lasts, and the user why it may. */
  isLongTold: z.boolean().exactOptional(),
  /** Whether the turn waits now; otherwise a delivery is at work. */
  isWaiting: z.boolean(),
  /** The queue needs this receipt to give the turn out at once. */
  receipt: z.string().exactOptional(),
});
export type Waits = z.infer<typeof waitsSchema>;

/** A later turn that is answered together with this one. */
const mergedTurnSchema = z.object({
  updateId: z.int(),
  messageId: z.int(),
  text: z.string(),
  files: z.array(telegramFileSchema).exactOptional(),
});
export type MergedTurn = z.infer<typeof mergedTurnSchema>;

const IN_EVERY_STATE = {
  /** Grows by one with every save: a fencing token for the turn. */
  version: z.int().min(0).default(0),
  /** The delivery that saved the record. */
  delivery: z.string().default(''),
  /** The messages of the reply. An overtaken delivery deletes what it sent unless it finds the message here or in `documents`. */
  posted: z.array(z.object({ messageId: z.int(), shown: z.string() })),
  /** The messages that are documents of this turn. */
  documents: z.array(z.int()).exactOptional(),
  /** How many sends nobody knows the end of. */
  undecidableSends: z.int().min(0).default(0),
  /** Deliveries that were no try: they ended with the turn handed on, or put off because it was not their fault. */
  deferrals: z.int().min(0).default(0),
  /** How many deliveries have begun, those of giving up included; fewer than were given out when the ledger was away meanwhile. */
  begun: z.int().min(0).exactOptional(),
};

const UNTIL_DELIVERED = {
  /** The part that is on its way to Telegram: a delivery that finds this cannot know whether the part arrived. */
  sending: z.int().min(0).exactOptional(),
  /** What the agent sends with the answer. A run that paused may have sent some already. */
  files: z.array(turnFileSchema).exactOptional(),
  /** Whether a text that is too long for messages is in the chat as a file: the answer, or the last word of a turn that is given up. */
  isAnswerAttached: z.boolean().exactOptional(),
  outage: waitsSchema.exactOptional(),
  /** The conversation could not be found and was left for a new one, and the user was not told so yet. */
  isSessionLost: z.boolean().exactOptional(),
  /** The conversation was damaged and has been repaired: how many of its turns lack something. The user was not told so yet. */
  lostTurns: z.int().min(0).exactOptional(),
};

const UNTIL_ANSWERED = {
  /** The user's files that the agent does without; decided before the agent is first asked, so that every delivery asks the same. */
  missing: z.array(missingAttachmentSchema).exactOptional(),
  /** The text of earlier runs that reached their time limit, and how many there were. */
  paused: z.object({ text: z.string(), runs: z.int() }).exactOptional(),
};

/** A turn that takes later turns along needs their list to the end: each of them looks here for whether it is answered. */
const TAKES_ALONG = { merged: z.array(mergedTurnSchema).exactOptional() };

const runningSchema = z.object({
  state: z.literal('running'),
  ...IN_EVERY_STATE,
  ...UNTIL_DELIVERED,
  ...UNTIL_ANSWERED,
  ...TAKES_ALONG,
  /** The session that `/new` leaves, empty for none: a redelivery must not leave the new one. */
  leaves: z.string().exactOptional(),
});

const mergedSchema = z.object({
  state: z.literal('merged'),
  ...IN_EVERY_STATE,
  ...UNTIL_DELIVERED,
  ...UNTIL_ANSWERED,
  /** The turn that this one is answered with, unless that turn does not say so. */
  mergedInto: z.int(),
});

/** A record in this state drops what only helped to find the answer. */
export const answeredSchema = z.object({
  state: z.literal('answered'),
  ...IN_EVERY_STATE,
  ...UNTIL_DELIVERED,
  ...TAKES_ALONG,
  /** As in `merged`, where the turn comes from there. */
  mergedInto: z.int().exactOptional(),
  /** The final text as Markdown. */
  answer: z.string(),
  /** How many of the files are in the chat. */
  filesDelivered: z.int().min(0).exactOptional(),
  /** The topic took no messages, so the answer goes to the chat itself, where a word says where it belongs. */
  isOutsideTopic: z.boolean().exactOptional(),
  /** The chat refuses the answer, so another turn delivers it later: this one only hands it on. */
  isKept: z.boolean().exactOptional(),
});

/** A record in this state drops the answer, too: it is in the chat, and in the session. */
export const deliveredSchema = z.object({
  state: z.literal('delivered'),
  ...IN_EVERY_STATE,
  ...TAKES_ALONG,
  mergedInto: z.int().exactOptional(),
});

/**
 * How far a turn has come. A turn only moves forward: `running` (a growing reply may be posted) → `answered` (the text is
 * final; the agent must not run again) → `delivered` (Telegram has all of it). A turn that an earlier one wants to answer, too,
 * is `merged`; it goes on like a running one when that turn does not. What a state does not know is dropped on reading.
 */
export const turnRecordSchema = z.discriminatedUnion('state', [
  runningSchema,
  mergedSchema,
  answeredSchema,
  deliveredSchema,
]);
export type TurnRecord = z.infer<typeof turnRecordSchema>;
export type TurnState = TurnRecord['state'];
export type RecordIn<State extends TurnState> = Extract<TurnRecord, { state: State }>;

/** Stands in the ledger for a record that is too large for it; see `SpillingTurnLedger`. */
const spilledRecordSchema = z.object({
  state: z.enum(['running', 'merged', 'answered', 'delivered']),
  ...IN_EVERY_STATE,
  /** Where the whole record lies. */
  spilledTo: z.string(),
});

/** What lies in a ledger for a turn: the record, or a word on where the record lies. */
export const storedRecordSchema = z.union([spilledRecordSchema, turnRecordSchema]);
export type StoredRecord = z.infer<typeof storedRecordSchema>;

/** The agent may still be asked. */
export const UNANSWERED = ['running', 'merged'] as const;
/** Something is left to do. */
export const UNFINISHED = [...UNANSWERED, 'answered'] as const;

/** @returns whether the record is in one of the states. */
export function isIn<State extends TurnState>(
  record: TurnRecord,
  states: readonly State[],
): record is RecordIn<State> {
  return states.some((state) => state === record.state);
}

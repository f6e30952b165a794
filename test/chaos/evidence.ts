import type { Mark } from './marks.ts';

/** All times are ms since 1970. What the checker judges by: nothing of it comes from inside the system. */
export interface Evidence {
  readonly questions: readonly AskedQuestion[];
  readonly requests: readonly ModelAsked[];
  readonly calls: readonly TelegramCall[];
  /** What every chat shows in the end, in its order. */
  readonly shown: readonly ShownMessage[];
  readonly blows: readonly Blow[];
  /** For so long after a send its sender may not have written down that it was made. */
  readonly writingDownMs: number;
}

export interface AskedQuestion {
  readonly token: string;
  /** The conversation: a private chat, or a topic of a forum. */
  readonly session: string;
  readonly chatId: number;
  /** Of the message that asks. */
  readonly messageId: number;
  readonly atMs: number;
  /** When the webhook first took it over; its place in the session. Infinity when it never did. */
  readonly takenAtMs: number;
}

/** One request as the model saw it. */
export interface ModelAsked {
  /** The questions of one user message: more than one when messages were merged. */
  readonly tokens: readonly string[];
  /** The answer that it gives; one that was paused goes on under the same name. */
  readonly run: string;
  readonly atMs: number;
  /** When the model had answered, or the asker was gone. */
  readonly endedAtMs: number;
  /** The conversation before the question: every question in it, and the run whose answer follows it, if there is one. */
  readonly history: readonly { readonly token: string; readonly run: string | undefined }[];
}

/** One call of the bot to Telegram. */
export interface TelegramCall {
  readonly method: string;
  /** The process that called, in its present life. */
  readonly sender: string;
  /** The conversation that it is made in. */
  readonly session: string;
  readonly chatId: number;
  /** The message that it made, changed or took away; undefined when it did nothing of that. */
  readonly messageId: number | undefined;
  readonly replyTo: number | undefined;
  readonly marks: readonly Mark[];
  /** The message whose reaction is set or taken away. */
  readonly reaction: { readonly messageId: number; readonly isSet: boolean } | undefined;
  readonly atMs: number;
  /** Whether it had an effect. */
  readonly isCarriedOut: boolean;
  readonly isAnswerLost: boolean;
}

export interface ShownMessage {
  readonly chatId: number;
  readonly session: string;
  readonly messageId: number;
  readonly replyTo: number | undefined;
  readonly text: string;
}

/** What was done to a process. */
export interface Blow {
  readonly kind: BlowKind;
  /** The process, in the life that it hit. */
  readonly process: string;
  readonly atMs: number;
  /** When a frozen process went on. */
  readonly untilMs: number;
}

export type BlowKind = 'kill' | 'freeze';

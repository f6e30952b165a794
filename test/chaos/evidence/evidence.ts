import type { Mark } from './marks.ts';

/** All times are ms since 1970. What the checker judges by: nothing of it comes from inside the system. */
export interface Evidence {
  readonly questions: readonly AskedQuestion[];
  readonly commands: readonly AskedCommand[];
  readonly requests: readonly ModelAsked[];
  /** The requests that the harness made the model fail at. */
  readonly modelFailures: readonly ModelFailure[];
  readonly calls: readonly TelegramCall[];
  /** What every chat shows in the end, in its order. */
  readonly shown: readonly ShownMessage[];
  readonly blows: readonly Blow[];
  /** When a whole tier was dead. */
  readonly absences: readonly Span[];
  /** What the workers asked the agent servers. */
  readonly asks: readonly AgentAsked[];
  /** The calls to stores that the harness made fail. */
  readonly storeFailures: readonly StoreFailure[];
  /** The stored conversations that the harness damaged. */
  readonly damages: readonly Damage[];
  /** Where the bot was seen typing. */
  readonly typing: readonly Typing[];
  /** Within so long after the user was told of it a stop has ended what it stops, in ms. */
  readonly stoppingMs: number;
  /** For so long after a send its sender may not have written down that it was made. */
  readonly writingDownMs: number;
  /** No question may wait longer once it is its turn, in ms. */
  readonly stuckMs: number;
}

export interface AskedQuestion {
  readonly token: string;
  /** Where it is asked: a private chat, or a topic of a forum. */
  readonly session: string;
  readonly chatId: number;
  /** Of the message that asks. */
  readonly messageId: number;
  readonly atMs: number;
  /** When the webhook first took it over; its place in the session. Infinity when it never did. */
  readonly takenAtMs: number;
  /** Whether the answer is to come with a file. */
  readonly wantsFile?: boolean;
  /** The Telegram user id of who asks; only in a group. */
  readonly speaker?: number;
}

/** A command that the bot answers itself. */
export interface AskedCommand extends Omit<AskedQuestion, 'token'> {
  readonly command: Command;
}

export type Command = 'new' | 'help' | 'status' | 'stop';

/** What was done to a stored conversation. */
export interface Damage {
  readonly session: string;
  readonly kind: string;
  readonly atMs: number;
}

/** A request that the model failed at. */
export interface ModelFailure {
  readonly tokens: readonly string[];
  readonly kind: string;
  readonly atMs: number;
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
  /** Who asks, as far as the model is told: the Telegram user id. */
  readonly speaker?: number | undefined;
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
  /** Of a document, its caption. */
  readonly text: string;
  readonly isDocument?: boolean;
}

/** A request of a worker to an agent server, as the balancer between them saw it. */
export interface AgentAsked {
  /** The process that asks, in its present life. */
  readonly worker: string;
  /** The agent server that it was given to, in its present life; undefined when none was alive. */
  readonly agent: string | undefined;
  readonly session: string;
  /** The questions in it; none when it only tells the agent to go on, or fetches a file. */
  readonly tokens: readonly string[];
  readonly atMs: number;
  /** When the answer ended; Infinity while it has not. */
  readonly endedAtMs: number;
  /** `whole`: the worker got all of the answer; `cut`: the harness cut it; `broken`: one of the two ended it. */
  readonly ending: 'whole' | 'cut' | 'broken' | undefined;
}

/** A call to a store that the harness made fail. */
export interface StoreFailure {
  /** The conversation that the call was made for; undefined where that cannot be told. */
  readonly session: string | undefined;
  readonly store: string;
  readonly atMs: number;
}

export interface Typing {
  readonly sender: string;
  readonly session: string;
  readonly atMs: number;
}

/** One life of a process: from when it was ready until it was killed. */
export interface Life extends Span {
  readonly process: string;
}

/** A time, in ms since 1970. */
export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What was done to a process. */
export interface Blow {
  readonly kind: BlowKind;
  /** The process, in the life that it hit. */
  readonly process: string;
  readonly atMs: number;
  /** When a frozen process went on, or a full disk had space again. */
  readonly untilMs: number;
}

export type BlowKind = 'kill' | 'freeze' | 'disk full' | 'clock set';

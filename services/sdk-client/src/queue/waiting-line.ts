import { type Turn, turnSchema } from '@omnicloud/protocol';

/** A turn that could start, if a slot were free. */
export interface WaitingTurn {
  readonly turn: Turn;
  /** How many turns start before it. */
  readonly ahead: number;
  /** The message that shows its place; undefined when there is none yet. */
  readonly sign: number | undefined;
}

/** A message that shows the place of a turn which no longer waits. */
export interface StaleSign {
  readonly updateId: number;
  readonly chatId: string;
  readonly sign: number;
}

/** What waits for a slot, and which messages say so. Throws the adapter's own errors. */
export interface WaitingLine {
  /** @returns the turns that wait, in the order in which they will start. */
  waiting(): WaitingTurn[];
  /** To be called before a sign is sent. @returns whether nobody has sent one for the turn. */
  beginSign(updateId: number): boolean;
  /** The sign is in the chat; undefined: there is none (any more), and none will follow. */
  saveSign(updateId: number, sign: number | undefined): void;
  /** @returns the signs that must go. */
  staleSigns(): StaleSign[];
}

/** @returns undefined for what is no turn: the worker that comes to it says so. */
export function asTurn(turnJson: string): Turn | undefined {
  try {
    return turnSchema.safeParse(JSON.parse(turnJson)).data;
  } catch {
    return undefined;
  }
}

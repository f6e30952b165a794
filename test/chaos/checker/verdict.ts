import type { Companions } from '../evidence/asked-together.ts';
import type { AskedQuestion, Evidence, ShownMessage, TelegramCall } from '../evidence/evidence.ts';
import type { Mark } from '../evidence/marks.ts';
import type { UndecidableCause } from '../evidence/undecidable.ts';

export type Rule =
  | 'answered exactly once'
  | 'order'
  | 'one writer'
  | 'context'
  | 'nothing stuck'
  | 'explained'
  | 'no mark left'
  | 'stop obeyed';

export interface Violation {
  readonly rule: Rule;
  readonly token: string;
  readonly what: string;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  /** By token: how it was answered. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

export interface Outcome {
  /** `told`: the user got a sentence instead of an answer; `stopped`: a stop ended it, or let it drop; `double`: more than once, because a send was undecidable. */
  readonly kind: 'once' | 'double' | 'told' | 'stopped' | 'missing';
  /** The run whose answer is shown. */
  readonly run: string | undefined;
  /** What the chat shows beside it, because its senders could not know of it. */
  readonly excused: readonly ShownMessage[];
  /** The answer's own words say that it could not be saved. */
  readonly isUnsaved: boolean;
  /** The user was told that it has to wait. */
  readonly isPutOff?: boolean;
  /** A stop let it drop: nothing is said of it but how many were dropped. */
  readonly isDropped?: boolean;
}

export type Report = (rule: Rule, token: string, what: string) => void;

/** What the rules are judged by: the evidence, and what follows from it. */
export interface Case extends Evidence {
  readonly companions: Companions;
  /** By session, in the order in which they were taken over. */
  readonly inOrder: ReadonlyMap<string, readonly AskedQuestion[]>;
  readonly callsIn: ReadonlyMap<string, readonly TelegramCall[]>;
  /** By session, in the order of its chat. */
  readonly shownIn: ReadonlyMap<
    string,
    readonly { readonly message: ShownMessage; readonly marks: readonly Mark[] }[]
  >;
  /** The messages (`messageKey`) that were made by a send whose end its sender could not know, and why. */
  readonly undecidable: ReadonlyMap<string, UndecidableCause>;
}

export function messageKey({ chatId, messageId }: { chatId: number; messageId: number | undefined }): string {
  return `${chatId}:${messageId}`;
}

import type { Companions } from './asked-together.ts';
import type { Evidence, TelegramCall } from './evidence.ts';

export type Rule = 'answered exactly once' | 'order' | 'one writer' | 'context' | 'nothing stuck';

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
  /** `told`: the user got a sentence instead of an answer; `double`: more than once, because a send was undecidable. */
  readonly kind: 'once' | 'double' | 'told' | 'missing';
  /** The run whose answer is shown. */
  readonly run: string | undefined;
  /** The answer's own words say that it could not be saved. */
  readonly isUnsaved: boolean;
}

export type Report = (rule: Rule, token: string, what: string) => void;

/** What the rules are judged by: the evidence, and what follows from it. */
export interface Case extends Evidence {
  readonly companions: Companions;
  readonly undecidable: readonly TelegramCall[];
}

import type { Options } from 'mdast-util-from-markdown';

export type SyntaxExtension = Exclude<NonNullable<Options['extensions']>[number], readonly unknown[]>;
type Construct = Exclude<NonNullable<SyntaxExtension['text']>[string], readonly unknown[] | undefined>;
type Tokenize = Construct['tokenize'];
export type TextContext = ThisParameterType<Tokenize>;
export type Effects = Parameters<Tokenize>[0];
export type State = Parameters<Tokenize>[1];
/** A UTF-16 code unit; line ends and tabs are negative, `null` is the end. */
export type Code = Parameters<State>[0];

/** Passes text on as it is, character by character; the parser wants line ends as tokens of their own. */
export class LiteralReader {
  readonly #effects: Effects;
  #isInData = false;
  previous: Code = null;
  length = 0;

  constructor(effects: Effects) {
    this.#effects = effects;
  }

  take(code: Code): void {
    if (isLineEnd(code)) {
      this.end();
      this.#effects.enter('lineEnding');
      this.#effects.consume(code);
      this.#effects.exit('lineEnding');
    } else {
      if (!this.#isInData) this.#effects.enter('data');
      this.#isInData = true;
      this.#effects.consume(code);
    }
    this.previous = code;
    this.length += 1;
  }

  /** Must follow the last character. */
  end(): void {
    if (this.#isInData) this.#effects.exit('data');
    this.#isInData = false;
  }
}

/** -2 and -1 stand for tabs. */
export function isLineEnd(code: Code): boolean {
  return code !== null && code < -2;
}

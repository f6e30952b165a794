import {
  type Code,
  type Effects,
  LiteralReader,
  type State,
  type SyntaxExtension,
  type TextContext,
} from './literal-text.ts';

/**
 * Parser events (two a token) of one paragraph, heading or cell. Matching brackets and emphasis takes time with the square of
 * their number, so after this many the rest is plain text. Far more than people or models write.
 */
const MAX_EVENTS_PER_TEXT = 3000;

/** Each `<` of one text may begin a comment whose end is looked for up to the text's end. */
const MAX_TAGS_PER_TEXT = 100;

/** What may begin or end a construct, and the parser's codes of line ends. */
const CONSTRUCT_CODES = [...Array.from('!*[]_~<', (character) => character.charCodeAt(0)), -5, -4, -3];

const tags = new WeakMap<object, number>();

/** Parser extension that keeps the parser's time linear in the length of the text. It must come last of all. */
export const textLimits: SyntaxExtension = {
  text: Object.fromEntries(
    CONSTRUCT_CODES.map((code) => [code, { name: 'literalRest', tokenize: tokenizeRest }]),
  ),
};

function tokenizeRest(this: TextContext, effects: Effects, ok: State, nok: State): State {
  const reader = new LiteralReader(effects);
  const isSpent = this.events.length >= MAX_EVENTS_PER_TEXT;
  return (code) => (isSpent || (code === 0x3c && isTagSpent(this)) ? rest(code) : nok(code));

  function rest(code: Code): State | undefined {
    if (code !== null) {
      reader.take(code);
      return rest;
    }
    reader.end();
    return ok(code);
  }
}

function isTagSpent(context: TextContext): boolean {
  const seen = (tags.get(context) ?? 0) + 1;
  tags.set(context, seen);
  return seen > MAX_TAGS_PER_TEXT;
}

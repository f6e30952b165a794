import {
  type Code,
  type Effects,
  isLineEnd,
  LiteralReader,
  type State,
  type SyntaxExtension,
  type TextContext,
} from './literal-text.ts';

const [BACKSLASH, DOLLAR, BACKTICK, STAR] = [0x5c, 0x24, 0x60, 0x2a];
const [OPEN_PAREN, CLOSE_PAREN, OPEN_BRACKET, CLOSE_BRACKET] = [0x28, 0x29, 0x5b, 0x5d];

/** A formula is short; without an end in sight the search must not go on to the end of every text. */
const MAX_FORMULA_LENGTH = 1000;
/** Dollar signs and brackets of one text that are looked at, for the same reason. */
const MAX_SEARCHES_PER_TEXT = 200;

const searches = new WeakMap<object, number>();

/**
 * Parser extension that leaves LaTeX as it was written: `\(x\)`, `\[x\]`, `$x$`, `$$x$$`. Telegram shows no formulas, and
 * Markdown would eat their backslashes and take their `_` and `*` for emphasis. Prices are no formulas: a closing `$` has no
 * white space before it and no letter or digit after it.
 */
export const literalMath: SyntaxExtension = {
  text: {
    [DOLLAR]: { name: 'literalDollarMath', tokenize: tokenizeDollars },
    [BACKSLASH]: [
      { name: 'literalBracketMath', tokenize: tokenizeBrackets },
      { name: 'literalMathDelimiter', tokenize: tokenizeLoneDelimiter },
    ],
  },
};

function tokenizeDollars(this: TextContext, effects: Effects, ok: State, nok: State): State {
  const formula = new LiteralReader(effects);
  let closing = 0;
  let width = 1;
  return mayLookFor(this) && this.previous !== DOLLAR ? open : nok;

  function open(code: Code): State | undefined {
    formula.take(code);
    return first;
  }

  function first(code: Code): State | undefined {
    if (code === DOLLAR && width === 1) {
      width = 2;
      formula.take(code);
      return first;
    }
    return code === DOLLAR || (width === 1 && isSpace(code)) ? nok(code) : inside(code);
  }

  function inside(code: Code): State | undefined {
    if (code === DOLLAR && formula.previous !== BACKSLASH && (width === 2 || !isSpace(formula.previous))) {
      closing += 1;
      formula.take(code);
      return closing === width ? after : inside;
    }
    if (closing > 0 || (width === 1 && isLineEnd(code))) return nok(code);
    if (!mayContain(formula, code)) return nok(code);
    formula.take(code);
    return inside;
  }

  function after(code: Code): State | undefined {
    if (code === DOLLAR || isWordCharacter(code)) return nok(code);
    formula.end();
    return ok(code);
  }
}

function tokenizeBrackets(this: TextContext, effects: Effects, ok: State, nok: State): State {
  const formula = new LiteralReader(effects);
  let closer: Code = null;
  return mayLookFor(this) ? open : nok;

  function open(code: Code): State | undefined {
    formula.take(code);
    return opener;
  }

  function opener(code: Code): State | undefined {
    if (code !== OPEN_PAREN && code !== OPEN_BRACKET) return nok(code);
    closer = code === OPEN_PAREN ? CLOSE_PAREN : CLOSE_BRACKET;
    formula.take(code);
    return inside;
  }

  function inside(code: Code): State | undefined {
    if (!mayContain(formula, code)) return nok(code);
    const isClosed = code === closer && formula.previous === BACKSLASH;
    formula.take(code);
    return isClosed ? end : inside;
  }

  function end(code: Code): State | undefined {
    formula.end();
    return ok(code);
  }
}

/** A bracket whose partner is in another paragraph, or not written yet, still belongs to a formula. */
function tokenizeLoneDelimiter(this: TextContext, effects: Effects, ok: State, nok: State): State {
  const formula = new LiteralReader(effects);
  return (backslash) => {
    formula.take(backslash);
    return (code) => {
      if (![OPEN_PAREN, CLOSE_PAREN, OPEN_BRACKET, CLOSE_BRACKET].includes(code ?? 0)) return nok(code);
      formula.take(code);
      formula.end();
      return ok;
    };
  };
}

/** Code, bold text and links are no part of a formula: what looked like its beginning was not. */
function mayContain({ previous, length }: LiteralReader, code: Code): boolean {
  if (code === null || code === BACKTICK || length >= MAX_FORMULA_LENGTH) return false;
  if (code === STAR && previous === STAR) return false;
  return !(code === OPEN_PAREN && previous === CLOSE_BRACKET);
}

function mayLookFor(context: TextContext): boolean {
  const made = searches.get(context) ?? 0;
  searches.set(context, made + 1);
  return made < MAX_SEARCHES_PER_TEXT;
}

function isSpace(code: Code): boolean {
  return code === null || code < 0 || code === 0x20;
}

function isWordCharacter(code: Code): boolean {
  return code !== null && code > 0 && /\w/.test(String.fromCharCode(code));
}

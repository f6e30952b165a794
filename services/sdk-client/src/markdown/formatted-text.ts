import type { MessageEntity } from '../telegram/telegram-types.ts';

/** A Telegram message's text with its entities; offsets and lengths are in UTF-16 code units. */
export interface FormattedText {
  text: string;
  entities: MessageEntity[];
}

/** Entities that may contain one another and be cut into pieces without losing their meaning. */
export type InlineStyle =
  { type: 'bold' } | { type: 'italic' } | { type: 'strikethrough' } | { type: 'text_link'; url: string };

/** Invisible, and never in a reader's text: the sanitized source holds no control characters. */
export const INVISIBLE_MARK = '\u0001';

/** Writes text from start to end and notes the entities, so that they come out nested and in bounds. */
export class FormattedTextWriter {
  #text = '';
  readonly #entities: MessageEntity[] = [];
  readonly #styles: { style: InlineStyle; offset: number }[] = [];
  #isQuoting = false;
  #pendingNewlines = 0;
  #isAtLineStart = true;
  /** What every new line begins with, preformatted ones excepted. */
  indent = '';

  get isInLink(): boolean {
    return this.#styles.some(({ style }) => style.type === 'text_link');
  }

  /** Asks for line breaks before the next text; nothing is written when none comes. */
  breakLine(newlines = 1): void {
    this.#pendingNewlines = Math.max(this.#pendingNewlines, newlines);
  }

  /** Writes text whose own line breaks are kept. */
  write(text: string): void {
    const visible = text.replaceAll(INVISIBLE_MARK, '');
    if (visible === '') return;
    this.#flushBreaks(this.indent);
    this.#append(this.indent === '' ? visible : visible.replaceAll('\n', `\n${this.indent}`));
  }

  /** Everything written inside gets the style; a style inside itself is the same style once. */
  within(style: InlineStyle, writeContent: () => void): void {
    if (this.#styles.some((open) => open.style.type === style.type)) {
      writeContent();
      return;
    }
    this.#styles.push({ style, offset: this.#text.length });
    writeContent();
    const open = this.#styles.pop();
    if (open) this.#note(open.style, open.offset);
  }

  /** Inline code. Telegram allows no other entity over it, so styles pause for it; inside a link the link wins. */
  writeCode(code: string): void {
    if (this.isInLink) {
      this.write(code);
      return;
    }
    this.#flushBreaks(this.indent);
    for (const open of this.#styles) this.#note(open.style, open.offset);
    const offset = this.#text.length;
    this.write(code);
    this.#note({ type: 'code' }, offset);
    for (const open of this.#styles) open.offset = this.#text.length;
  }

  /** A block of code on lines of its own, exactly as it is. */
  writePre(code: string, language?: string): void {
    const visible = code.replaceAll(INVISIBLE_MARK, '');
    if (visible.trim() === '') return;
    this.#startLine('');
    const offset = this.#text.length;
    this.#append(visible);
    this.#note(language === undefined ? { type: 'pre' } : { type: 'pre', language }, offset);
  }

  /** A block quote on lines of its own; Telegram knows none inside another, so an inner one melts into the outer. */
  withinQuote(writeContent: () => void): void {
    if (this.#isQuoting) {
      writeContent();
      return;
    }
    const { indent } = this;
    this.#startLine('');
    this.#isQuoting = true;
    this.indent = '';
    const offset = this.#text.length;
    writeContent();
    this.#note({ type: 'blockquote' }, offset);
    this.#isQuoting = false;
    this.indent = indent;
  }

  /** @returns all that was written, without white space around it. */
  finish(): FormattedText {
    return clip({ text: this.#text, entities: this.#entities }, 0, this.#text.length);
  }

  #startLine(indent: string): void {
    if (!this.#isAtLineStart) this.breakLine();
    this.#flushBreaks(indent);
  }

  #append(text: string): void {
    this.#text += text;
    if (text !== '') this.#isAtLineStart = text.endsWith('\n');
  }

  #flushBreaks(indent: string): void {
    if (this.#pendingNewlines > 0 && this.#text !== '') {
      this.#append('\n'.repeat(this.#pendingNewlines) + indent);
    }
    this.#pendingNewlines = 0;
  }

  #note(kind: InlineStyle | EntityKind, offset: number): void {
    this.#entities.push({ ...kind, offset, length: this.#text.length - offset });
  }
}

type EntityKind = { type: 'code' } | { type: 'blockquote' } | { type: 'pre'; language?: string };

/**
 * Cuts a piece out of a text and cleans it up: no white space around the text or any entity, no empty entity, entities
 * sorted with the outer one first. The indentation of a code block's first line is code and stays.
 * @param from the piece's start, in UTF-16 code units; both ends must be between whole characters
 * @param to the piece's end, exclusive
 */
export function clip({ text, entities }: FormattedText, from: number, to: number): FormattedText {
  const pres = entities.filter(({ type }) => type === 'pre');
  const start = skipLeadingSpace(text, { from, to, pres });
  const end = skipTrailingSpace(text, start, to);
  const clipped = entities.flatMap((entity) => {
    let entityStart = Math.max(entity.offset, start);
    let entityEnd = Math.min(entity.offset + entity.length, end);
    if (entityStart >= entityEnd) return [];
    entityStart = isBlock(entity)
      ? skipBlankLines(text, entityStart, entityEnd)
      : skipLeadingSpace(text, { from: entityStart, to: entityEnd, pres: [] });
    entityEnd = skipTrailingSpace(text, entityStart, entityEnd);
    if (entityStart >= entityEnd) return [];
    return [{ ...entity, offset: entityStart - start, length: entityEnd - entityStart }];
  });
  clipped.sort((a, b) => a.offset - b.offset || b.length - a.length || rank(a) - rank(b));
  return { text: text.slice(start, end), entities: clipped };
}

function isBlock({ type }: MessageEntity): boolean {
  return type === 'pre' || type === 'blockquote';
}

/** A quote around equally long content must stay the outer one. */
function rank(entity: MessageEntity): number {
  return entity.type === 'blockquote' ? 0 : 1;
}

const SPACE = /\s/;

/**
 * @param pres the code blocks, whose indentation is none of this white space
 * @returns where the first visible character is, or the code block's line with it; `to` when there is none
 */
export function skipLeadingSpace(
  text: string,
  { from, to, pres }: { readonly from: number; readonly to: number; readonly pres: MessageEntity[] },
): number {
  const lineStart = skipBlankLines(text, from, to);
  if (pres.some(({ offset, length }) => offset <= lineStart && lineStart < offset + length)) return lineStart;
  let start = lineStart;
  while (start < to && SPACE.test(text.charAt(start))) start += 1;
  return start;
}

function skipBlankLines(text: string, from: number, to: number): number {
  let lineStart = from;
  for (let index = from; index < to && SPACE.test(text.charAt(index)); index += 1) {
    if (text[index] === '\n') lineStart = index + 1;
  }
  return lineStart;
}

function skipTrailingSpace(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && SPACE.test(text.charAt(end - 1))) end -= 1;
  return end;
}

import type { MessageEntity } from '../telegram/telegram-types.ts';
import { clip, type FormattedText, skipLeadingSpace } from './formatted-text.ts';
import { findCut } from './find-cut.ts';

export interface MessageLimits {
  /** Unicode code points of the text. */
  codePoints: number;
  entities: number;
}

/** What Telegram takes in one message; entities beyond the limit it ignores without a word. */
export const TELEGRAM_MESSAGE_LIMITS: MessageLimits = { codePoints: 4096, entities: 100 };

/** Telegram refuses (`ENTITIES_TOO_LONG`) entities of about 9.5 KB; this leaves room for what we do not count. */
const MAX_ENTITY_BYTES = 8000;
/** Type, offset and length on the wire. */
const BYTES_PER_ENTITY = 16;

/**
 * Cuts a message into parts that each fit into one. Cuts are made at a blank line, else a line end, a sentence's end, a space,
 * and between whole graphemes when there is none; not inside links and inline code where that can be avoided. An entity that
 * is cut goes on in the next part, a code block with its language. White space around the cuts is dropped.
 * @param maxParts what follows them is left out
 * @returns no part when the message has no visible text
 * @throws RangeError when not even one code point may go into a part
 */
export function splitMessage(
  message: FormattedText,
  limits: MessageLimits = TELEGRAM_MESSAGE_LIMITS,
  maxParts = Infinity,
): FormattedText[] {
  if (!(limits.codePoints >= 1)) throw new RangeError('A part needs room for at least one code point');
  const { text } = message;
  const sorted = message.entities.toSorted((a, b) => a.offset - b.offset || b.length - a.length);
  const pres = sorted.filter(({ type }) => type === 'pre');
  const skipSpace = (from: number): number => skipLeadingSpace(text, { from, to: text.length, pres });
  const parts: FormattedText[] = [];
  let next = 0;
  let open: MessageEntity[] = [];
  for (let start = skipSpace(0); start < text.length && parts.length < maxParts;) {
    const textEnd = endOfCodePoints(text, start, limits.codePoints);
    const taken = [...open];
    for (; ; next += 1) {
      const entity = sorted[next];
      if (!entity || entity.offset >= textEnd) break;
      taken.push(entity);
    }
    const { kept, end: limit } = takeEntities(taken, { start, textEnd, maxEntities: limits.entities });
    const end = limit < text.length ? findCut(text, { entities: kept, start, limit }) : limit;
    const part = clip({ text, entities: kept }, start, end);
    if (part.text !== '') parts.push(part);
    open = taken.filter(({ offset, length }) => offset + length > end);
    start = skipSpace(end);
  }
  return parts;
}

/** @returns the entities that go into a part from `start` on, and where it must end so that no more begin in it. */
function takeEntities(
  entities: MessageEntity[],
  {
    start,
    textEnd,
    maxEntities,
  }: { readonly start: number; readonly textEnd: number; readonly maxEntities: number },
): { kept: MessageEntity[]; end: number } {
  const kept: MessageEntity[] = [];
  let bytes = 0;
  for (const entity of entities) {
    const size = byteSize(entity);
    if (kept.length < maxEntities && bytes + size <= MAX_ENTITY_BYTES) {
      kept.push(entity);
      bytes += size;
    } else if (entity.offset > start && kept.length > 0) {
      return { kept, end: entity.offset };
    }
    // No cut makes room for one that is too much at the very start or by itself: its text goes without it.
  }
  return { kept, end: textEnd };
}

function byteSize(entity: MessageEntity): number {
  if (entity.type === 'text_link') return BYTES_PER_ENTITY + Buffer.byteLength(entity.url);
  if (entity.type === 'pre') return BYTES_PER_ENTITY + Buffer.byteLength(entity.language ?? '');
  return BYTES_PER_ENTITY;
}

function endOfCodePoints(text: string, start: number, codePoints: number): number {
  let end = start;
  for (let count = 0; count < codePoints && end < text.length; count += 1) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  return end;
}

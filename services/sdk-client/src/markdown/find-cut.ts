import type { MessageEntity } from '../telegram/telegram-types.ts';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const BLANK_LINE = /\n[^\S\n]*\n/g;
const LINE_END = /\n/g;
/** White space after a full stop and its closing quotes or brackets; East Asian stops need none. */
const SENTENCE_END = /(?<=[.!?…]["'”’»)\]]{0,2})\s|(?<=[。！？])(?![。！？”’」』）])/gu;
/** Not the spaces that keep their neighbours together. */
const SPACE = /[^\S\u00a0\u202f]/g;

/**
 * @param entities those that touch the piece
 * @param start of the piece, in UTF-16 code units, at a whole grapheme
 * @param limit the piece's longest end, at a whole code point before the text's end
 * @returns where to end the piece: past its first half unless only a grapheme's start can be cut at, always after `start`
 */
export function findCut(
  text: string,
  {
    entities,
    start,
    limit,
  }: { readonly entities: MessageEntity[]; readonly start: number; readonly limit: number },
): number {
  const pres = entities.filter(({ type }) => type === 'pre');
  const unsplittable = entities.filter(({ type }) => type === 'text_link' || type === 'code');
  const middle = start + Math.ceil((limit - start) / 2);
  const last = (pattern: RegExp, avoided: MessageEntity[]): number | undefined =>
    lastMatch(text, { pattern, avoided, middle, limit });
  const cut =
    last(BLANK_LINE, [...unsplittable, ...pres]) ??
    last(BLANK_LINE, unsplittable) ??
    last(LINE_END, unsplittable) ??
    last(SENTENCE_END, unsplittable) ??
    last(SPACE, unsplittable) ??
    startOfCovering(unsplittable, middle, limit) ??
    last(LINE_END, []) ??
    last(SPACE, []) ??
    limit;
  return wholeGraphemes(text, { start, cut, limit });
}

/** @returns the start of the last match in the second half, not inside any of the entities. */
function lastMatch(
  text: string,
  {
    pattern,
    avoided,
    middle,
    limit,
  }: {
    readonly pattern: RegExp;
    readonly avoided: MessageEntity[];
    readonly middle: number;
    readonly limit: number;
  },
): number | undefined {
  // Two more characters: the white space that a cut at the limit falls before may lie behind it.
  const window = text.slice(middle, limit + 2);
  return Array.from(window.matchAll(pattern), ({ index }) => middle + index).findLast(
    (cut) => cut > middle && cut <= limit && !avoided.some((entity) => isInside(cut, entity)),
  );
}

function isInside(place: number, { offset, length }: MessageEntity): boolean {
  return offset < place && place < offset + length;
}

function startOfCovering(entities: MessageEntity[], middle: number, limit: number): number | undefined {
  return entities.find((entity) => entity.offset > middle && isInside(limit, entity))?.offset;
}

/** @returns the cut, moved back to the last whole grapheme; one that fills the whole piece is cut between code points. */
function wholeGraphemes(
  text: string,
  { start, cut, limit }: { readonly start: number; readonly cut: number; readonly limit: number },
): number {
  const piece = text.slice(start, cut + 2);
  const grapheme = graphemes.segment(piece).containing(cut - start);
  return grapheme && grapheme.index > 0 ? start + grapheme.index : limit;
}

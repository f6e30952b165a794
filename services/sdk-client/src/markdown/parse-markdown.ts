import type { Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { cjkFriendlyExtension } from 'micromark-extension-cjk-friendly';
import { gfmStrikethroughCjkFriendly } from 'micromark-extension-cjk-friendly-gfm-strikethrough';
import { gfm } from 'micromark-extension-gfm';
import { INVISIBLE_MARK } from './formatted-text.ts';
import { literalMath } from './literal-math.ts';
import { textLimits } from './text-limits.ts';

/** Containers inside containers (quotes, lists): the parser's time grows with the square of the depth, its stack with it. */
const MAX_DEPTH = 16;

/**
 * Markers of containers and definitions in a whole document: the parser's time grows with the square of their number. An answer that
 * fills four messages has some 400 list items.
 */
const MAX_MARKERS = 1_000;

const TAB_COLUMNS = 4;
/** The least a container takes from a line: a bullet and its space. */
const CONTAINER_COLUMNS = 2;

/**
 * Not underlined headings: the text over a half-written list would flash up as one (the renderer knows `===`).
 * Not blocks of HTML: it is shown as text, so the Markdown and the character references among it are to be rendered.
 */
const withoutTraps = { disable: { null: ['setextUnderline', 'htmlFlow'] } };

const syntaxExtensions = [
  gfm(),
  cjkFriendlyExtension(),
  gfmStrikethroughCjkFriendly(),
  withoutTraps,
  literalMath,
  textLimits,
];

/** The transforms look again for addresses that the tokenizer left alone; they take quadratic time and gain nothing. */
const treeExtensions = gfmFromMarkdown().map((extension) => ({ ...extension, transforms: [] }));

/**
 * @param markdown any string: CommonMark with GFM; lone surrogates become U+FFFD, control characters vanish
 * @returns the tree, whose text may contain `INVISIBLE_MARK`, and what follows it: text that is not parsed, because the document holds
 *   more markers than the parser can be given
 */
export function parseMarkdown(markdown: string): { tree: Root; rest: string } {
  const source = sanitize(markdown);
  const end = endOfBudget(source);
  const tree = fromMarkdown(limitDepth(source.slice(0, end)), {
    extensions: syntaxExtensions,
    mdastExtensions: treeExtensions,
  });
  return { tree, rest: source.slice(end) };
}

/** @returns the same text as well-formed Unicode with `\n` line ends and no other control character than tabs. */
export function sanitize(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{Cc}\t\n]/gu, '');
}

/** Makes text of every container marker that would lie too deep, by putting an invisible character before it. */
function limitDepth(source: string): string {
  return source.replaceAll(MARKED_LINE, (line) => {
    const { tooDeep } = markersOf(line);
    return tooDeep === undefined ? line : line.slice(0, tooDeep) + INVISIBLE_MARK + line.slice(tooDeep);
  });
}

/** A line that may begin with a container or a definition. */
const MARKED_LINE = /^[ \t]*(?:[>\-+*\d]|\[).*$/gm;

/** @returns where the line begins in which the document has spent its budget of markers; its end when there is none. */
function endOfBudget(source: string): number {
  let left = MAX_MARKERS;
  for (const { 0: line, index } of source.matchAll(MARKED_LINE)) {
    left -= markersOf(line).count;
    if (left < 0) return index;
  }
  return source.length;
}

/** @returns how many markers of containers and definitions the line begins with, and where the first one is that lies too deep. */
function markersOf(line: string): { count: number; tooDeep?: number } {
  const prefix = /([ \t]*)(>|[-+*](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$)|\[(?:[^\]\\]|\\.){1,999}\]:)/y;
  let count = 0;
  let columns = 0;
  for (let match = prefix.exec(line); match; match = prefix.exec(line)) {
    const [whole, space = '', marker = ''] = match;
    for (const character of space) columns += character === '\t' ? TAB_COLUMNS : 1;
    // The space behind a marker belongs to it.
    if (count > 0 && space !== '') columns -= 1;
    count += 1;
    if (count + columns / CONTAINER_COLUMNS > MAX_DEPTH)
      return { count, tooDeep: match.index + whole.length - marker.length };
  }
  return { count };
}

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
 * @returns the tree; its text may contain `INVISIBLE_MARK`
 */
export function parseMarkdown(markdown: string): Root {
  const source = limitDepth(sanitize(markdown));
  return fromMarkdown(source, { extensions: syntaxExtensions, mdastExtensions: treeExtensions });
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
  return source.replaceAll(/^[ \t]*(?:[>\-+*\d]|\[\^).*$/gm, (line) => {
    const marker = tooDeepMarker(line);
    return marker === undefined ? line : line.slice(0, marker) + INVISIBLE_MARK + line.slice(marker);
  });
}

function tooDeepMarker(line: string): number | undefined {
  const prefix = /([ \t]*)(>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t])|\[\^[^\]\s]{1,999}\]:)/y;
  let markers = 0;
  let columns = 0;
  for (let match = prefix.exec(line); match; match = prefix.exec(line)) {
    const [whole, space = '', marker = ''] = match;
    for (const character of space) columns += character === '\t' ? TAB_COLUMNS : 1;
    // The space behind a marker belongs to it.
    if (markers > 0 && space !== '') columns -= 1;
    markers += 1;
    if (markers + columns / CONTAINER_COLUMNS > MAX_DEPTH) {
      return match.index + whole.length - marker.length;
    }
  }
  return undefined;
}

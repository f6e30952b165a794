import { type FormattedText, FormattedTextWriter } from './formatted-text.ts';
import { parseMarkdown, sanitize } from './parse-markdown.ts';
import { renderBlocks, renderFootnotes } from './render-blocks.ts';
import { createContext } from './render-context.ts';

/** In UTF-16 code units: some two times the longest answer a model writes; the parser needs about 15 ms per 1000. */
const MAX_MARKDOWN_LENGTH = 200_000;

/**
 * Renders a model's Markdown (CommonMark with GFM) as a Telegram message of any length; see `splitMessage` for the limits.
 * Entities instead of MarkdownV2 or HTML leave nothing to escape: text that looks like markup stays text, and an unfinished
 * construct at the end of a stream is shown as it stands. Code blocks keep the indentation of their first line; apart
 * from that no entity begins or ends with white space.
 * @param markdown any string; lone surrogates become U+FFFD, control characters are dropped
 * @returns text and sorted, properly nested entities; both are empty when there is nothing to see
 */
export function renderMarkdown(markdown: string): FormattedText {
  const writer = new FormattedTextWriter();
  if (markdown.length > MAX_MARKDOWN_LENGTH) {
    writer.write(sanitize(markdown));
    return writer.finish();
  }
  const tree = parseMarkdown(markdown);
  const context = createContext(tree, writer);
  renderBlocks(tree.children, context);
  renderFootnotes(context);
  return writer.finish();
}

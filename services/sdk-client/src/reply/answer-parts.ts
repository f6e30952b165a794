// Markdown → rendered, split → the messages of an answer: all of it, or its beginning and a line that says where the rest is
import type { FormattedText } from '../markdown/formatted-text.ts';
import { MAX_MARKDOWN_LENGTH, renderPatiently } from '../markdown/render-markdown.ts';
import { splitMessage, TELEGRAM_MESSAGE_LIMITS } from '../markdown/split-message.ts';

/** What does not fit into so many messages is no reading for a chat. */
const MAX_PARTS = 4;

export interface AnswerParts {
  /** At most `MAX_PARTS`; none when the answer has no visible text. */
  readonly parts: readonly FormattedText[];
  /** Whether they show the whole answer. */
  readonly isWhole: boolean;
}

/**
 * @param markdown of any length: what lies beyond the longest text that fits is not even parsed
 * @param more a line of plain text below the beginning of an answer that does not fit
 */
export async function answerParts(markdown: string, more: string): Promise<AnswerParts> {
  const beginning = beginningOf(markdown);
  // Rendered, a text may be a hundred times as long as it was: in a table's cards, each row repeats the headings.
  const parts = splitMessage(await renderPatiently(beginning), TELEGRAM_MESSAGE_LIMITS, MAX_PARTS + 1);
  if (beginning === markdown && parts.length <= MAX_PARTS) return { parts, isWhole: true };
  const full = parts.slice(0, MAX_PARTS);
  const last = full.pop();
  return { parts: [...full, withLine(last ?? { text: '', entities: [] }, more)], isWhole: false };
}

/** Ends at a line's end where there is one, so that no word and no mark-up is cut. */
function beginningOf(markdown: string): string {
  if (markdown.length <= MAX_MARKDOWN_LENGTH) return markdown;
  const longest = markdown.slice(0, MAX_MARKDOWN_LENGTH);
  const lineEnd = longest.lastIndexOf('\n');
  if (lineEnd > MAX_MARKDOWN_LENGTH / 2) return longest.slice(0, lineEnd);
  // Half of a character at the end is no text.
  return longest.replace(/[\ud800-\udbff]$/, '');
}

const GAP = '\n\n';

/** Shortens the part where it is too long for the line. */
function withLine(part: FormattedText, line: string): FormattedText {
  const { codePoints, entities } = TELEGRAM_MESSAGE_LIMITS;
  const room = codePoints - Array.from(GAP + line).length;
  const [{ text, entities: kept } = part] = splitMessage(part, { codePoints: room, entities: entities - 1 });
  const above = text === '' ? '' : text + GAP;
  return {
    text: above + line,
    entities: [...kept, { type: 'italic', offset: above.length, length: line.length }],
  };
}

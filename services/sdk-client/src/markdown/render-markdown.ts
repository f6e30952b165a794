import { setImmediate as nextTurn } from 'node:timers/promises';
import { type FormattedText, FormattedTextWriter } from './formatted-text.ts';
import { parseMarkdown, sanitize } from './parse-markdown.ts';
import { renderBlocks, renderFootnotes } from './render-blocks.ts';
import { createContext } from './render-context.ts';
import { withinTime } from './within-time.ts';

/**
 * The longest text that is parsed, in UTF-16 code units: what fills four messages, with room for its mark-up. The parser takes about
 * 8 ms per 1000 of prose.
 */
export const MAX_MARKDOWN_LENGTH = 24_000;

/** How much of the processor's time a text may take: nearly all take a tenth of it. In ms. */
const PROCESSOR_LIMIT_MS = 250;
/** The part of that limit that must have been ours before a text is given up. */
const FAIR_SHARE = 0.7;
/**
 * How long each try may take by the clock, in ms. On a machine that is busy with something else, where a try got less than its share of the
 * processor, the text is tried once more, and longer.
 */
const LIMITS_MS: readonly number[] = [PROCESSOR_LIMIT_MS, 500];
/** The same where other work has its turn between the tries; none of them holds it up for a second. */
const PATIENT_LIMITS_MS: readonly number[] = [...LIMITS_MS, 800];

/**
 * Renders a model's Markdown (CommonMark with GFM) as a Telegram message of any length; see `splitMessage` for the limits.
 * Entities instead of MarkdownV2 or HTML leave nothing to escape: text that looks like markup stays text, and an unfinished
 * construct at the end of a stream is shown as it stands. Code blocks keep the indentation of their first line; apart
 * from that no entity begins or ends with white space.
 *
 * It takes some 250 ms of the processor's time, and less than a second by the clock, whatever the text is: one that the parser cannot read in
 * time is shown as it was written. For a text of a model or a user, see `renderPatiently`.
 * @param markdown any string; lone surrogates become U+FFFD, control characters are dropped
 * @param limitsMs of the first try, and of those that follow on a machine that is busy
 * @returns text and sorted, properly nested entities; both are empty when there is nothing to see
 */
export function renderMarkdown(markdown: string, limitsMs = LIMITS_MS): FormattedText {
  const tries = triesToRender(markdown, limitsMs);
  for (;;) {
    const tried = tries.next();
    if (tried.done === true) return tried.value;
  }
}

/**
 * As `renderMarkdown`, but whatever else the process has to do is done between two tries: on a machine whose processors somebody keeps
 * busy, a text that is slow to render must not hold up the other chats for as long as all tries take together.
 */
export async function renderPatiently(
  markdown: string,
  limitsMs = PATIENT_LIMITS_MS,
): Promise<FormattedText> {
  const tries = triesToRender(markdown, limitsMs);
  for (;;) {
    const tried = tries.next();
    if (tried.done === true) return tried.value;
    await nextTurn();
  }
}

/** Yields after each try that failed. */
function* triesToRender(
  markdown: string,
  limitsMs: readonly number[],
): Generator<undefined, FormattedText, undefined> {
  if (markdown.length > MAX_MARKDOWN_LENGTH) return asWritten(markdown);
  let usedMs = 0;
  for (const limitMs of limitsMs) {
    const tried = tryToRender(markdown, limitMs);
    if (tried.result !== undefined) return tried.result;
    usedMs += tried.usedMs;
    if (usedMs >= PROCESSOR_LIMIT_MS * FAIR_SHARE) break;
    yield;
  }
  return asWritten(markdown);
}

/** @returns no result when the time was up, or the text is nested too deep for the stack; and the processor time that it took. */
function tryToRender(
  markdown: string,
  limitMs: number,
): { result: FormattedText | undefined; usedMs: number } {
  const before = process.threadCpuUsage();
  let result: FormattedText | undefined;
  try {
    const timed = withinTime(() => render(markdown), limitMs);
    if (timed.kind === 'done') result = timed.value;
  } catch (error) {
    // The stack is full, however often it is tried.
    if (error instanceof RangeError) return { result, usedMs: PROCESSOR_LIMIT_MS };
    throw error;
  }
  const { user, system } = process.threadCpuUsage(before);
  return { result, usedMs: (user + system) / 1_000 };
}

function render(markdown: string): FormattedText {
  const writer = new FormattedTextWriter();
  const { tree, rest } = parseMarkdown(markdown);
  const context = createContext(tree, writer);
  renderBlocks(tree.children, context);
  renderFootnotes(context);
  writer.breakLine();
  writer.write(rest);
  return writer.finish();
}

function asWritten(markdown: string): FormattedText {
  const writer = new FormattedTextWriter();
  writer.write(sanitize(markdown));
  return writer.finish();
}

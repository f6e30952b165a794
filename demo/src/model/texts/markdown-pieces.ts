import { cutText } from '../cut-text.ts';

/** Longer quotations would bury the chat, in characters. */
const MAX_QUOTE_LENGTH = 200;

/** @returns a fenced code block whose fence the text cannot close. */
export function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text.replace(/\n$/, '')}\n${fence}`;
}

/** @returns the text as a quotation, cut when it is long. */
export function quoted(text: string): string {
  return cutText(text, MAX_QUOTE_LENGTH).replace(/^/gm, '> ');
}

/** @returns names as inline code, separated by commas. */
export function codes(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

export function bullets(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

export function numbered(items: readonly string[]): string {
  return items.map((item, index) => `${index + 1}. ${item}`).join('\n');
}

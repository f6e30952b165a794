/** Chinese has no spaces between words; a few characters at a time read like a word each. */
const WORDS =
  /[\p{Script=Han}，。！？：；、“”（）《》]{1,3}\s*|[^\s\p{Script=Han}，。！？：；、“”（）《》]+\s*|\s+/gu;

/** @returns the text in pieces of about a word, whose concatenation is the text. */
export function splitWords(text: string): string[] {
  return text.match(WORDS) ?? [];
}

import type { MessageEntity } from 'grammy/types';

/** In order of precedence; what one rule took, a later one does not see. The rules are simpler than Telegram's. */
const RULES: readonly { type: 'url' | 'bot_command' | 'mention'; pattern: RegExp }[] = [
  {
    type: 'url',
    // The last character is none that more likely ends the sentence.
    pattern: /(?<![\p{L}\p{N}_])https?:\/\/[\p{L}\p{N}-]+\.[^\s<>"]*[^\s<>".,:;!?'()[\]{}]/giu,
  },
  { type: 'bot_command', pattern: /(?<![^\s])\/\w{1,64}(?:@\w{3,32})?(?![\w/@])/g },
  { type: 'mention', pattern: /(?<![\p{L}\p{N}_@/])@[a-z]\w{2,31}(?![\p{L}\p{N}_])/giu },
];

/**
 * Finds what Telegram marks by itself in any text: links, commands and mentions.
 * @param taken ranges, in UTF-16 code units, in which nothing is to be found.
 * @returns entities in the order of their offsets, none overlapping another or a taken range.
 */
export function detectEntities(text: string, taken: readonly MessageEntity[] = []): MessageEntity[] {
  const found: MessageEntity[] = [];
  for (const { type, pattern } of RULES) {
    for (const match of text.matchAll(pattern)) {
      const entity = { type, offset: match.index, length: match[0].length };
      if (![...taken, ...found].some((other) => overlaps(entity, other))) found.push(entity);
    }
  }
  return found.sort((a, b) => a.offset - b.offset);
}

function overlaps(a: MessageEntity, b: MessageEntity): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}

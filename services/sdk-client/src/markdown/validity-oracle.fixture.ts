import type { FormattedText } from './formatted-text.ts';

const MAX_CODE_POINTS = 4096;
const MAX_ENTITIES = 100;

/**
 * Test oracle: Telegram's rules for one message, written down independently of the code under test.
 * @returns what Telegram would refuse or drop, in words; empty when there is nothing
 */
export function violations({ text, entities }: FormattedText): string[] {
  const found: string[] = [];
  const blame = (isWrong: boolean, words: string): void => {
    if (isWrong) found.push(words);
  };
  const ranges = entities.map((entity) => ({ ...entity, end: entity.offset + entity.length }));
  blame(!text.isWellFormed(), 'the text is no well-formed Unicode');
  blame(text.trim() !== text && ranges[0]?.offset !== 0, 'white space around the text');
  for (const entity of ranges) {
    const covered = text.slice(entity.offset, entity.end);
    blame(entity.offset < 0 || entity.end > text.length, `${entity.type} out of bounds`);
    blame(covered.trim() === '', `${entity.type} has nothing to show`);
    blame(!covered.isWellFormed(), `${entity.type} cuts a surrogate pair`);
    blame(covered.trimEnd() !== covered, `${entity.type} ends with white space`);
    const isBlock = entity.type === 'pre' || entity.type === 'blockquote';
    blame(!isBlock && covered.trimStart() !== covered, `${entity.type} begins with white space`);
    blame(isBlock && /^\s*\n/.test(covered), `${entity.type} begins with a blank line`);
    if (entity.type === 'text_link') {
      blame(!/^https?:\/\/[^\s/?#@]+\.[^\s/?#@]+/i.test(entity.url), `refused URL ${entity.url}`);
      blame(/[^\x21-\x7e]/.test(entity.url), `unescaped URL ${entity.url}`);
    }
  }
  for (const [index, outer] of ranges.entries()) {
    for (const inner of ranges.slice(index + 1)) {
      const pair = `${outer.type} and ${inner.type}`;
      blame(inner.offset < outer.offset, `${pair} are not sorted`);
      if (inner.offset >= outer.end) continue;
      blame(inner.end > outer.end, `${pair} cross`);
      blame(outer.type === inner.type, `${pair} are nested`);
      blame(['code', 'pre'].includes(outer.type), `${pair}: code holds an entity`);
      const isCode = ['code', 'pre'].includes(inner.type);
      blame(isCode && outer.type !== 'blockquote', `${pair}: code inside an entity`);
      blame(inner.type === 'blockquote', `${pair}: a quote inside an entity`);
    }
  }
  return found;
}

/** @returns `violations` and what goes beyond the size of one message. */
export function partViolations(part: FormattedText): string[] {
  const found = violations(part);
  if (part.text === '') found.push('the part is empty');
  if (Array.from(part.text).length > MAX_CODE_POINTS) found.push('too long');
  if (part.entities.length > MAX_ENTITIES) found.push('too many entities');
  const urls = part.entities.map((entity) => (entity.type === 'text_link' ? entity.url.length : 0));
  if (urls.reduce((sum, length) => sum + length, 0) > 9500) found.push('too long URLs');
  return found;
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chineseTexts } from './texts/demo-texts-zh.ts';
import { englishTexts } from './texts/demo-texts-en.ts';
import { splitWords } from './split-words.ts';

test('the pieces of a text are the text', () => {
  const unit = fc.constantFrom('a', ' ', '\n', '好', '，', '👍', '\u00a0', '\ud800', '`');
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      expect(splitWords(text).join('')).toBe(text);
    }),
  );
});

test('the stories are written in hundreds of pieces and fit one Telegram message', () => {
  for (const { story } of [englishTexts, chineseTexts]) {
    expect(splitWords(story).length).toBeGreaterThan(300);
    expect(story.length).toBeLessThan(4_096);
  }
});

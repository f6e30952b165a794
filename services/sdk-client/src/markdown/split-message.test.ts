import fc from 'fast-check';
import type { MessageEntity } from '../telegram/telegram-types.ts';
import { describe, expect, it } from 'vitest';
import type { FormattedText } from './formatted-text.ts';
import { markdownDocument } from './markdown-arbitrary.fixture.ts';
import { renderMarkdown } from './render-markdown.ts';
import { splitMessage, TELEGRAM_MESSAGE_LIMITS } from './split-message.ts';
import { partViolations } from './validity-oracle.fixture.ts';

function plain(text: string, entities: MessageEntity[] = []): FormattedText {
  return { text, entities };
}

function texts(message: FormattedText, codePoints: number, entities = 100): string[] {
  return splitMessage(message, { codePoints, entities }).map(({ text }) => text);
}

function visible(text: string): string {
  return text.replaceAll(/\s/g, '');
}

describe('splitMessage', () => {
  it('has Telegram’s limits', () => {
    expect(TELEGRAM_MESSAGE_LIMITS).toEqual({ codePoints: 4096, entities: 100 });
  });

  it('leaves a message alone that fits', () => {
    const message = renderMarkdown('**a** `b`');
    expect(splitMessage(message)).toEqual([message]);
  });

  it('makes no part of nothing, nor of white space', () => {
    expect(splitMessage(plain(''))).toEqual([]);
    expect(splitMessage(plain(' \n '.repeat(3000)))).toEqual([]);
  });

  it('counts code points, not UTF-16 code units', () => {
    expect(splitMessage(plain('😀'.repeat(4096)))).toHaveLength(1);
    expect(splitMessage(plain('😀'.repeat(4097)))).toHaveLength(2);
  });

  it.each([
    ['a blank line', 'one. two\n\nthree. f\ng five six', ['one. two', 'three. f', 'g five six']],
    ['a line end', 'one. two a\nb five six', ['one. two a', 'b five six']],
    ['the end of a sentence', 'one two. a b five', ['one two.', 'a b five']],
    [
      'the end of a Chinese sentence',
      '一二三四五六七。八九十一二三四',
      ['一二三四五六七。', '八九十一二三四'],
    ],
    ['a space', 'one two three four', ['one two', 'three four']],
    ['anywhere, when there is nothing better', 'x'.repeat(20), ['x'.repeat(12), 'x'.repeat(8)]],
  ])('cuts best at %s', (_place, text, parts) => {
    expect(texts(plain(text), 12)).toEqual(parts);
  });

  it('does not cut in the first half of a part', () => {
    expect(texts(plain('ab\n\ncdefghijklmnop'), 12)).toEqual(['ab\n\ncdefghij', 'klmnop']);
  });

  it('ends a part at the limit when white space follows', () => {
    expect(texts(plain('abcdef ghijkl'), 6)).toEqual(['abcdef', 'ghijkl']);
  });

  it.each(['👨‍👩‍👧', '🇩🇪', 'e\u0301', '\u1112\u1161\u11ab'])('cuts between graphemes: %s', (grapheme) => {
    const parts = texts(plain(grapheme.repeat(50)), 13);
    expect(parts.join('')).toBe(grapheme.repeat(50));
    for (const part of parts) expect(part.length % grapheme.length).toBe(0);
  });

  it('cuts a grapheme longer than a part between code points', () => {
    const parts = texts(plain(`e${'\u0301'.repeat(25)}`), 10);
    expect(parts.map((part) => part.length)).toEqual([10, 10, 6]);
  });

  it.each([{ type: 'text_link', url: 'https://e.com' } as const, { type: 'code' } as const])(
    'keeps a $type in one part when it can',
    (kind) => {
      const text = 'abcdefg hi jk lmno';
      const inPart = plain(text, [{ ...kind, offset: 8, length: 5 }]);
      expect(splitMessage(inPart, { codePoints: 12, entities: 100 })).toEqual([
        plain('abcdefg'),
        plain('hi jk lmno', [{ ...kind, offset: 0, length: 5 }]),
      ]);
    },
  );

  it('goes on with a long link in the next part', () => {
    const link = { type: 'text_link', url: 'https://e.com' } as const;
    const message = plain('ab cd ef gh ij kl', [{ ...link, offset: 0, length: 17 }]);
    expect(splitMessage(message, { codePoints: 9, entities: 100 })).toEqual([
      plain('ab cd ef', [{ ...link, offset: 0, length: 8 }]),
      plain('gh ij kl', [{ ...link, offset: 0, length: 8 }]),
    ]);
  });

  it('goes on with a code block, its language and its indentation in the next part', () => {
    const message = renderMarkdown('```py\nif a:\n    b()\n    c()\n```');
    expect(splitMessage(message, { codePoints: 16, entities: 100 })).toEqual([
      plain('if a:\n    b()', [{ type: 'pre', language: 'py', offset: 0, length: 13 }]),
      plain('    c()', [{ type: 'pre', language: 'py', offset: 0, length: 7 }]),
    ]);
  });

  it('rather cuts before a code block than in it', () => {
    const message = renderMarkdown('some words\n\n```\na\n\nb\n\nc\n```');
    expect(texts(message, 16)).toEqual(['some words', 'a\n\nb\n\nc']);
  });

  it('cuts where there are too many entities', () => {
    const list = Array.from({ length: 60 }, (_, i) => `- **n${i}**: \`c\` [l](https://e.com)`).join('\n');
    const parts = splitMessage(renderMarkdown(list));
    expect(parts.map(({ entities }) => entities.length)).toEqual([99, 81]);
    for (const part of parts) expect(part.text.startsWith('•')).toBe(true);
  });

  it('cuts where the URLs grow too long', () => {
    const list = Array.from({ length: 20 }, (_, i) => `- [l${i}](https://e.com/${'x'.repeat(990)})`).join(
      '\n',
    );
    const parts = splitMessage(renderMarkdown(list));
    expect(parts.flatMap(partViolations)).toEqual([]);
    expect(parts.flatMap(({ entities }) => entities)).toHaveLength(20);
  });

  it('sends the text without entities that no part has room for', () => {
    const message = renderMarkdown('**a *b***');
    expect(splitMessage(message, { codePoints: 10, entities: 0 })).toEqual([plain('a b')]);
  });

  it('refuses a limit that leaves no room', () => {
    expect(() => splitMessage(plain('a'), { codePoints: 0, entities: 100 })).toThrow(RangeError);
  });

  it('makes parts that Telegram takes and loses no visible character', () => {
    fc.assert(
      fc.property(markdownDocument, (markdown) => {
        const message = renderMarkdown(markdown);
        const parts = splitMessage(message);
        expect(parts.flatMap(partViolations)).toEqual([]);
        expect(visible(parts.map(({ text }) => text).join(''))).toBe(visible(message.text));
      }),
      { numRuns: 60 },
    );
  });

  it('keeps to any limits, with any text', () => {
    const limits = fc.record({
      codePoints: fc.integer({ min: 1, max: 300 }),
      entities: fc.integer({ min: 1, max: 9 }),
    });
    const anything = fc.oneof(markdownDocument, fc.string({ unit: 'binary', maxLength: 500 }));
    fc.assert(
      fc.property(anything, limits, (markdown, limit) => {
        const message = renderMarkdown(markdown);
        const parts = splitMessage(message, limit);
        expect(parts.flatMap(partViolations)).toEqual([]);
        expect(visible(parts.map(({ text }) => text).join(''))).toBe(visible(message.text));
        for (const part of parts) {
          expect(Array.from(part.text).length).toBeLessThanOrEqual(limit.codePoints);
          expect(part.entities.length).toBeLessThanOrEqual(limit.entities);
        }
      }),
      { numRuns: 60 },
    );
  });
});

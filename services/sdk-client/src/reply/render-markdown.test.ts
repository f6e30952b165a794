import fc from 'fast-check';
import type { MessageEntity } from 'grammy/types';
import { describe, expect, it } from 'vitest';
import { nastyMarkdown } from './nasty-markdown.fixture.ts';
import { renderMarkdown } from './render-markdown.ts';
import { markdownDocument } from './markdown-arbitrary.fixture.ts';
import { violations } from './validity-oracle.fixture.ts';

/** The text with each entity shown as `type(covered text)`, or `type=url(…)`, in the order they are sent. */
function rendered(markdown: string): { text: string; entities: string[] } {
  const { text, entities } = renderMarkdown(markdown);
  const describeEntity = (entity: MessageEntity): string => {
    const detail =
      entity.type === 'text_link' ? entity.url : entity.type === 'pre' ? (entity.language ?? '') : '';
    const covered = text.slice(entity.offset, entity.offset + entity.length);
    return `${entity.type}${detail && `=${detail}`}(${covered})`;
  };
  return { text, entities: entities.map(describeEntity) };
}

/** Without its limits the parser takes longer for 100 KB of these, or overflows its stack. */
const QUADRATIC_TIME_MS = 20_000;

describe('renderMarkdown', () => {
  it.each(nastyMarkdown)('%s', (_title, markdown, text, entities) => {
    expect(rendered(markdown)).toEqual({ text, entities });
    expect(violations(renderMarkdown(markdown))).toEqual([]);
  });

  it('shows a table too wide for a phone as a card for each row', () => {
    const wide = 'a rather long sentence in a cell';
    const table = `|Name|What|Why|\n|-|-|-|\n|one|${wide}|b|\n|two||${wide}|`;
    expect(rendered(table)).toEqual({
      text: `one\nWhat: ${wide}\nWhy: b\n\ntwo\nWhy: ${wide}`,
      entities: ['bold(one)', 'bold(two)'],
    });
  });

  it('gives offsets in UTF-16 code units', () => {
    expect(renderMarkdown('😀 **b**').entities).toEqual([{ type: 'bold', offset: 3, length: 1 }]);
  });

  it('renders any text to something Telegram takes', () => {
    const anything = fc.oneof(markdownDocument, fc.string({ unit: 'binary', maxLength: 300 }), syntaxSoup);
    const property = fc.property(anything, (markdown) => {
      expect(violations(renderMarkdown(markdown))).toEqual([]);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('renders every prefix of a document, as a stream shows them', () => {
    fc.assert(
      fc.property(markdownDocument, (markdown) => {
        for (let end = 0; end <= Math.min(markdown.length, 250); end += 1) {
          expect(violations(renderMarkdown(markdown.slice(0, end)))).toEqual([]);
        }
      }),
      { numRuns: 8 },
    );
  });

  it.each(['>', '> ', '[', '![', '- ', '1. ', '> - ', '*a **b ', '[^a]: ', '(', '`a', '<!-- ', '$', '\\('])(
    'neither overflows its stack nor loses the text under 10 000 times %j',
    (marker) => {
      const { text } = renderMarkdown(`${marker.repeat(10_000)}end`);
      expect(text.endsWith('end')).toBe(true);
    },
  );

  it.each([
    ['emphasis', 'a**b'.repeat(25_000)],
    ['brackets', '['.repeat(50_000) + ']'.repeat(50_000)],
    ['images', '![a'.repeat(17_000) + '](b)'.repeat(12_000)],
    ['comments', '<!-- '.repeat(20_000)],
    ['underlined titles', 'a\n=\n'.repeat(25_000)],
    ['nested lists', `${'1. '.repeat(30)}a\n`.repeat(500)],
  ])(
    'takes no quadratic time for 100 KB of %s',
    (_name, markdown) => {
      expect(renderMarkdown(markdown).text).not.toBe('');
    },
    QUADRATIC_TIME_MS,
  );

  it('shows containers beyond the deepest level as text', () => {
    expect(renderMarkdown(`${'> '.repeat(20)}x`)).toEqual({
      text: '> > > > x',
      entities: [{ type: 'blockquote', offset: 0, length: 9 }],
    });
  });

  it('formats nothing in a text beyond all measure, but shows it', () => {
    const text = '**b** '.repeat(100_000).trim();
    expect(renderMarkdown(text)).toEqual({ text, entities: [] });
  });
});

const syntaxSoup = fc
  .array(
    fc.constantFrom(
      ...Array.from('*_~`[]()!<>#-+|:$\\ \n\t1.a&;^="😀é中'),
      '\n\n',
      '```',
      'https://e.co',
      '\ud83d',
      '[^a]',
    ),
    {
      maxLength: 120,
    },
  )
  .map((pieces) => pieces.join(''));

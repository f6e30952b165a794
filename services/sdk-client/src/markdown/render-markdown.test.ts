import fc from 'fast-check';
import type { MessageEntity } from '../telegram/telegram-types.ts';
import { describe, expect, it } from 'vitest';
import { nastyMarkdown } from './nasty-markdown.fixture.ts';
import { renderMarkdown, renderPatiently } from './render-markdown.ts';
import { markdownDocument } from './markdown-arbitrary.fixture.ts';
import { splitMessage } from './split-message.ts';
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

/** The processor time that one call takes, in ms. */
function cost(call: () => unknown): number {
  const before = process.threadCpuUsage();
  call();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

/** Fragments that, repeated, have cost some parser or other the square of their number. */
const COSTLY = [
  ...[
    '- - - - a\n',
    '> - 1. a\n',
    '> a\nb\n',
    '-\n',
    '>\n',
    '1. a\n\n',
    '- a\n+ b\n* c\n',
    '[^1]: a\n\n[^1]\n\n',
    '[^a]: ',
  ],
  ...[
    '[a]: b\n',
    '[',
    '](',
    '![a](b "',
    '[](',
    '**a',
    '*a **b ',
    '~~a',
    '`a``',
    '|a',
    '|a|b|\n|-|-|\n',
    'a\n=\n',
    '```\n',
  ],
  ...[
    '<a ',
    '<!-- ',
    '<![CDATA[',
    '&amp;',
    '$a',
    '\\(',
    'a@',
    'www.',
    'https://a.b/(',
    ' ',
    '\n',
    'a  \n',
    '😀',
  ],
];
const AT_MOST = 24_000;
const UNLIMITED = [600_000];

/** @returns the text over and over, as long as a text may be. */
function filled(fragment: string): string {
  return fragment.repeat(Math.ceil(AT_MOST / fragment.length)).slice(0, AT_MOST);
}

const repeated = fc
  .array(fc.constantFrom(...COSTLY), { minLength: 1, maxLength: 4 })
  .map((few) => few.join(''));
const costlyDocument = fc.oneof(
  repeated.map(filled),
  fc
    .tuple(repeated, repeated)
    .map(([a, b]) => filled(a).slice(0, AT_MOST / 2) + filled(b).slice(0, AT_MOST / 2)),
  fc
    .tuple(repeated, repeated, fc.integer({ min: 2, max: 500 }))
    .map(([a, b, count]) => filled(a.repeat(count) + b)),
);
const PROSE = filled('The **quick** brown fox `jumps` over\nthe lazy [dog](https://e.com/dog).\n\n');

/** The least of some: what else the machine does may make it longer, and never shorter. */
let proseCost: number | undefined;
function costOfProse(): number {
  proseCost ??= Math.min(...[1, 2, 3].map(() => cost(() => renderMarkdown(PROSE, UNLIMITED))));
  return proseCost;
}

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

  it.each(COSTLY)(
    'takes no quadratic time for a text full of %j',
    (fragment) => {
      expect(cost(() => renderMarkdown(filled(fragment), UNLIMITED))).toBeLessThan(20 * costOfProse());
    },
    60_000,
  );

  it('takes about as long for any text as for prose of the same length', () => {
    const most = 20 * costOfProse();
    const property = fc.property(costlyDocument, (markdown) => {
      expect(cost(() => splitMessage(renderMarkdown(markdown, UNLIMITED)))).toBeLessThan(most);
    });
    fc.assert(property, { numRuns: 10 });
  }, 120_000);

  it('shows a text that cannot be read in time as it was written', () => {
    expect(renderMarkdown(PROSE, [1])).toEqual({ text: PROSE.trim(), entities: [] });
  });

  it('lets other work have its turn between two tries on a machine that is busy', async () => {
    let turns = 0;
    const other = setInterval(() => (turns += 1), 0);
    // So short that they take a small part of the processor time that a text may have.
    const rendering = renderPatiently(PROSE, [1, 1, 1, ...UNLIMITED]);
    setImmediate(() => (turns += 1));
    expect((await rendering).entities).not.toEqual([]);
    clearInterval(other);
    expect(turns).toBeGreaterThan(0);
  });

  it('shows what follows a thousand list items as it was written', () => {
    const { text } = renderMarkdown(`${'- a\n'.repeat(1_000)}- **b**\n- c`, UNLIMITED);
    expect(text.endsWith('• a\n• a\n- **b**\n- c')).toBe(true);
  });

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

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { answerParts } from './answer-parts.ts';
import { renderMarkdown } from '../markdown/render-markdown.ts';
import { markdownDocument } from '../markdown/markdown-arbitrary.fixture.ts';
import { partViolations } from '../markdown/validity-oracle.fixture.ts';

const MORE = 'The rest is attached.';

it('shows an answer of four messages as it is', async () => {
  const { parts, isWhole } = await answerParts('x '.repeat(8_000), MORE);
  expect([parts.length, isWhole]).toEqual([4, true]);
  expect(parts.map(({ text }) => text).join(' ')).toBe('x '.repeat(8_000).trim());
});

it('shows of a longer one the beginning, and says so in the last message', async () => {
  const { parts, isWhole } = await answerParts('x '.repeat(9_000), MORE);
  expect([parts.length, isWhole]).toEqual([4, false]);
  const { text = '', entities = [] } = parts.at(-1) ?? {};
  expect(text).toMatch(/^[x ]{4000,}\n\nThe rest is attached\.$/);
  expect(entities).toEqual([{ type: 'italic', offset: text.length - MORE.length, length: MORE.length }]);
});

it('says so also where nothing of the beginning can be seen', async () => {
  const { parts, isWhole } = await answerParts(`${'\n'.repeat(30_000)}at last`, MORE);
  expect([parts.map(({ text }) => text), isWhole]).toEqual([[MORE], false]);
});

it('splits no more of an answer than it shows, however long that is when it is rendered', async () => {
  const heading = `|${'a'.repeat(9_000)}|${'b'.repeat(3_000)}|[c](https://c.co)|\n|-|-|-|\n`;
  const markdown = heading + '|a|b|c\n'.repeat(1_500);
  expect(renderMarkdown(markdown, [60_000]).text.length).toBeGreaterThan(100 * markdown.length);
  const { parts, isWhole } = await answerParts(markdown, MORE);
  expect([parts.length, isWhole]).toEqual([4, false]);
});

it('shows any answer in at most four messages that Telegram takes, and all of it or the line', async () => {
  const long = fc
    .tuple(markdownDocument, fc.constantFrom(1, 5, 40))
    .map(([text, times]) => text.repeat(times));
  const property = fc.asyncProperty(long, async (markdown) => {
    const { parts, isWhole } = await answerParts(markdown, MORE);
    expect(parts.length).toBeLessThanOrEqual(4);
    for (const part of parts) expect(partViolations(part)).toEqual([]);
    expect(parts.at(-1)?.text.endsWith(MORE) ?? false).toBe(!isWhole);
  });
  await fc.assert(property, { numRuns: 15 });
}, 180_000);

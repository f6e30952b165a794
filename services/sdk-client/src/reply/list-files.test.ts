import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listFiles, readableSize } from './list-files.ts';
import { renderMarkdown } from '../markdown/render-markdown.ts';
import { splitMessage } from '../markdown/split-message.ts';

const modified = '2026-01-02T03:04:05.000Z';

/** @returns the list as people see it. */
function seen(files: Readonly<Record<string, number>>, language: 'en' | 'zh' = 'en'): string {
  const list = Object.entries(files).map(([path, size]) => ({ path, size, modified }));
  return renderMarkdown(listFiles(list, language)).text;
}

describe('A list of files', () => {
  it('has their number, their size, and each with its own, by path', () => {
    expect(seen({ 'src/main.py': 1_234, 'notes.md': 7 })).toBe(
      '2 files, 1.2 kB\n\n   7 B  notes.md\n1.2 kB  src/main.py',
    );
    expect(seen({ 'notes.md': 7 }, 'zh')).toBe('1 个文件，共 7 B\n\n7 B  notes.md');
  });

  it('that is empty says so', () => {
    expect(seen({})).toBe('There are no files in this conversation yet.');
    expect(seen({}, 'zh')).toBe('这个对话里还没有文件。');
  });

  it('ends after a hundred, with how many there are besides', () => {
    const files = Object.fromEntries(Array.from({ length: 1_103 }, (_, i) => [`f${1_000 + i}`, 1]));
    const lines = seen(files).split('\n');
    expect(lines[0]).toBe('1,103 files, 1.1 kB');
    expect(lines.filter((line) => line.startsWith('1 B  f'))).toHaveLength(100);
    expect(lines.at(-1)).toBe('and 1,003 more; /export brings them all.');
  });

  it('makes no link of a name', () => {
    const list = [{ path: 'main.py', size: 1, modified }];
    expect(renderMarkdown(listFiles(list, 'en')).entities).toEqual([
      { type: 'bold', offset: 0, length: 6 },
      { type: 'pre', offset: 13, length: 12 },
    ]);
  });

  it('shortens long names in their middle', () => {
    const path = `${'a'.repeat(500)}.txt`;
    expect(seen({ [path]: 1 })).toMatch(/ {2}a{60}…a{56}\.txt$/);
  });

  it('shows each on a line of its own, whatever its name', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.constantFrom(
        '```',
        '`x`\n```\n# y',
        '\u202egnp.exe',
        '[a](tg://user?id=1)',
        '</code>',
        '\ud800',
        '* * *',
      ),
    );
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), (paths) => {
        const list = paths.map((path) => ({ path, size: 7, modified }));
        const rendered = renderMarkdown(listFiles(list, 'en'));
        const lines = rendered.text.split('\n').slice(2);
        expect(lines).toHaveLength(paths.length);
        for (const line of lines) expect(line).toMatch(/^7 B( {2}|$)/);
        expect(rendered.entities.map(({ type }) => type)).toEqual(['bold', 'pre']);
        expect(rendered.text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });

  it('of long names is told in a few messages', () => {
    const files = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${i}${'長'.repeat(500)}`, 1]));
    const list = Object.entries(files).map(([path, size]) => ({ path, size, modified }));
    expect(splitMessage(renderMarkdown(listFiles(list, 'en'))).length).toBeLessThan(5);
  });
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [9_949, '9.9 kB'],
  [9_951, '10 kB'],
  [999_499, '999 kB'],
  [999_999, '1.0 MB'],
  [256_000_000, '256 MB'],
  [5_000_000_000_000, '5000 GB'],
])('%i bytes are %s', (bytes, size) => {
  expect(readableSize(bytes)).toBe(size);
});

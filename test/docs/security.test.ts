import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const page = await readFile(join(ROOT, 'docs', 'security.md'), 'utf8');

/** The lines of its tables, without their heads: what is tried, what stops it, and the test. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (-+|Tries) /.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, tried = '', , test = '']) => [tried, test] as const);

it('names threats in tables', () => {
  expect(rows.length).toBeGreaterThan(20);
});

it.each(rows)('What is promised against "%s" names a test that exists', async (_, test) => {
  const [, path = '', title] = /^`([^`]+)`(?: "([^"]+)")?$/.exec(test) ?? [];
  expect(existsSync(join(ROOT, path)), test).toBe(true);
  expect(path).not.toBe('');
  if (title !== undefined) expect(await readFile(join(ROOT, path), 'utf8')).toContain(title);
});

import type { SessionFiles } from '@omnicloud/protocol';
import { readable } from '../markdown/code-span.ts';
import { type Language, TEXTS } from './texts.ts';

type SessionFile = SessionFiles['files'][number];

const MAX_LISTED = 100;

/** @returns what there is of files, as Markdown: how many, their sizes and paths, at most a hundred of them. */
export function listFiles(files: readonly SessionFile[], language: Language): string {
  const texts = TEXTS[language];
  if (files.length === 0) return texts.noFiles;
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const shown = files.toSorted(byPath).slice(0, MAX_LISTED);
  const rest = files.length - shown.length;
  return [
    texts.files(files.length, readableSize(total)),
    // Preformatted, because Telegram would make a link of `main.py`.
    preformatted(shown.map(({ path, size }) => [readableSize(size), readable(path)])),
    ...(rest > 0 ? [texts.moreFiles(rest)] : []),
  ].join('\n');
}

const UNITS = ['B', 'kB', 'MB', 'GB'] as const;

/** @returns e.g. `7 B`, `1.2 kB`. */
export function readableSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // Rounded first, or 999 999 B would be 1000 kB.
  while (Number(value.toPrecision(3)) >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const rounded = unit === 0 || value >= 9.95 ? value.toFixed(0) : value.toFixed(1);
  return `${rounded} ${UNITS[unit] ?? ''}`;
}

function byPath(a: SessionFile, b: SessionFile): number {
  return a.path < b.path ? -1 : 1;
}

function preformatted(rows: readonly (readonly [size: string, path: string])[]): string {
  const width = Math.max(...rows.map(([size]) => size.length));
  const text = rows.map(([size, path]) => `${size.padStart(width)}  ${path}`).join('\n');
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

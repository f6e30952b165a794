import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { boundDebugLog, DEBUG_LOG_LIMIT_BYTES, headDebugLog, readDebugLog } from './debug-log.ts';
import { newMachine } from './machine.fixture.ts';

const lines = (text: string, count: number): string => `${text}\n`.repeat(count);
const heading = (name: string): string => `=== turn ${name}, 2026-01-01T00:00:00.000Z\n`;

it('heads each turn with its key and its time, on one line', async () => {
  const { home } = await newMachine();
  await headDebugLog(home, 'update-7\n=== turn forged', new Date('2026-01-02T03:04:05Z'));
  await headDebugLog(home, undefined, new Date(0));
  expect(await readFile(home.debugLog, 'utf8')).toBe(
    '=== turn update-7 === turn forged, 2026-01-02T03:04:05.000Z\n=== turn without a key, 1970-01-01T00:00:00.000Z\n',
  );
});

it('keeps the last turns whole as long as they fit, and lets the oldest go', () => {
  const turns = ['a', 'b', 'c', 'd', 'e'].map((name) => heading(name) + lines(`${name} é`, 16_000));
  const kept = boundDebugLog(Buffer.from(turns.join(''))).toString();
  expect(kept).toBe(turns.slice(2).join(''));
});

it('keeps the beginning and the end of a turn that says too much, and the turns before it', () => {
  const earlier = heading('earlier') + lines('earlier', 1_000);
  const noisy = `${heading('noisy')}first\n${lines('noise', 200_000)}last\n`;
  const kept = boundDebugLog(Buffer.from(earlier + noisy)).toString();
  expect(kept).toContain(`${earlier}${heading('noisy')}first\n`);
  expect(kept).toMatch(/\n… \d+ bytes left out …\n(noise\n)+last\n$/);
  expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(DEBUG_LOG_LIMIT_BYTES);
});

it('is read without its middle when a turn made it huge', async () => {
  const { home } = await newMachine();
  await writeFile(home.debugLog, `${heading('huge')}first\n${lines('x'.repeat(99), 200_000)}last\n`);
  const log = Buffer.from((await readDebugLog(home)) ?? []).toString();
  expect(log.startsWith(`${heading('huge')}first\n`)).toBe(true);
  expect(log.endsWith('\nlast\n')).toBe(true);
  expect(log.length).toBeLessThanOrEqual(DEBUG_LOG_LIMIT_BYTES);
});

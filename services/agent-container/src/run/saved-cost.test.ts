import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../session/home/temporary-directory.fixture.ts';
import { savedCostUsd } from './saved-cost.ts';

const cost = (usd: unknown): string =>
  JSON.stringify({ type: 'cost-state', totalCostUSD: usd, sessionId: 's' });
const user = JSON.stringify({ type: 'user', message: { content: cost(99) } });

const MEBIBYTE = 1024 * 1024;
const long = JSON.stringify({ type: 'user', message: { content: 'x'.repeat(2.5 * MEBIBYTE) } });
/** @returns a line, so long that the last mebibyte begins this far into the line before it. */
const atBorder = (before: string, into: number): string =>
  'x'.repeat(MEBIBYTE - (before.length + 1 - into) - 1);

it.each<[string, string[], number]>([
  ['0 for a transcript without any', [user], 0],
  ['0 for an empty transcript', [], 0],
  ['the one there is', [user, cost(0.5), user], 0.5],
  ['the last one, which counts the whole session', [cost(0.5), user, cost(0.75), user], 0.75],
  ['not what a user wrote', [cost(0.5), user], 0.5],
  ['one that lies far from the end', [cost(0.5), long, user], 0.5],
  ['one that lies on the border of what is read at once', [user, cost(0.5), atBorder(cost(0.5), 40)], 0.5],
  ['one of several before a long line', [cost(0.5), cost(0.75), long], 0.75],
  ['the one before a line that only begins like it', [cost(0.5), '{"type":"cost-state"', user], 0.5],
  ['the one before a line that begins like it and goes on', [cost(0.5), `{"type":"cost-state"${long}`], 0.5],
  ['one that lies behind a long line', [long, cost(0.5)], 0.5],
  ['the first line', [cost(0.5), long, long, long], 0.5],
  ['0 when the CLI wrote no number', [cost('a lot')], 0],
  ['0 when the CLI wrote a negative one', [cost(-1)], 0],
])('is %s', async (_, lines, usd) => {
  const transcript = join(await temporaryDirectory(), 'transcript.jsonl');
  await writeFile(transcript, lines.map((line) => `${line}\n`).join(''));
  expect(await savedCostUsd(transcript)).toBe(usd);
});

it('fails for a transcript that is not there, as a resumed run must have one', async () => {
  const transcript = join(await temporaryDirectory(), 'missing.jsonl');
  await expect(savedCostUsd(transcript)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('takes no longer for one long line than for as many bytes of short ones', async () => {
  const transcript = join(await temporaryDirectory(), 'transcript.jsonl');
  const timeOf = async (line: string): Promise<number> => {
    await writeFile(transcript, `${cost(0.5)}\n${line.repeat((100 * MEBIBYTE) / line.length)}`);
    const beganAtMs = performance.now();
    expect(await savedCostUsd(transcript)).toBe(0.5);
    return performance.now() - beganAtMs;
  };
  const shortMs = await timeOf(`${'x'.repeat(1023)}\n`);
  expect(await timeOf('x')).toBeLessThan(10 * shortMs + 1_000);
}, 60_000);

import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { directoryBatches, directoryBatchesInBytes } from './directory-batches.ts';
import { inParallel } from '../home/in-parallel.ts';
import { temporaryDirectory } from '../home/temporary-directory.fixture.ts';

const NAMES = Array.from({ length: 3_000 }, (_, index) => `file-${index}`);

it('A large directory is read whole, a few hundred names at a time, although what was read is removed meanwhile', async () => {
  const folder = await temporaryDirectory();
  await inParallel(NAMES, (name) => writeFile(join(folder, name), ''));
  const seen: string[] = [];
  for await (const entries of directoryBatches(folder)) {
    expect(entries.length).toBeLessThanOrEqual(256);
    for (const { name } of entries) await rm(join(folder, name));
    seen.push(...entries.map(({ name }) => name));
  }
  expect(seen.toSorted()).toEqual(NAMES.toSorted());
});

it.runIf(process.platform === 'linux')('Names that are no text are had as bytes (Linux)', async () => {
  const folder = await temporaryDirectory();
  execFileSync('bash', ['-c', String.raw`touch $'a\xff'`], { cwd: folder });
  const seen: string[] = [];
  for await (const entries of directoryBatchesInBytes(folder))
    seen.push(...entries.map(({ name }) => name.toString('hex')));
  expect(seen).toEqual(['61ff']);
});

it('A directory that is not there is heard of', async () => {
  const folder = join(await temporaryDirectory(), 'missing');
  await expect(directoryBatches(folder).next()).rejects.toMatchObject({ code: 'ENOENT' });
});

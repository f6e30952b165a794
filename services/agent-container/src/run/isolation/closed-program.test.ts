import { chmod, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '@omnicloud/settings';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../../session/home/temporary-directory.fixture.ts';
import { closedProgram, installedCli } from './closed-program.ts';

const isRoot = process.getuid?.() === 0;

async function program(mode: number): Promise<string> {
  const path = join(await temporaryDirectory(), 'program');
  await writeFile(path, '#!/bin/sh\nexit 7\n');
  await chmod(path, mode);
  return path;
}

it("the installed CLI is the Agent SDK's", async () => {
  expect((await stat(installedCli())).size).toBeGreaterThan(100_000_000);
});

it.skipIf(process.platform === 'win32')(
  'a program that others may read is copied once, for executing alone',
  async () => {
    const [path, cache] = [await program(0o755), await temporaryDirectory()];
    const copies = await Promise.all([1, 2, 3].map(() => closedProgram(path, [cache])));
    expect(new Set(copies).size).toBe(1);
    expect((await stat(copies[0] ?? '')).mode & 0o777).toBe(0o111);
    expect(await readdir(cache)).toHaveLength(1);
    await utimes(path, 1, 1);
    expect(await closedProgram(path, [cache])).not.toBe(copies[0]);
  },
);

it.skipIf(process.platform === 'win32')('a copy that was opened since is made anew', async () => {
  const [path, cache] = [await program(0o755), await temporaryDirectory()];
  const copy = await closedProgram(path, [cache]);
  await chmod(copy, 0o755);
  expect(await closedProgram(path, [cache])).toBe(copy);
  expect((await stat(copy)).mode & 0o777).toBe(0o111);
});

it.runIf(isRoot)("what is root's and closed to others is taken as it lies there (root only)", async () => {
  const path = await program(0o711);
  expect(await closedProgram(path, ['/nowhere'])).toBe(path);
});

it.skipIf(process.platform === 'win32')('the next folder is taken when one takes no copy', async () => {
  const [path, cache] = [await program(0o755), await temporaryDirectory()];
  expect(await closedProgram(path, ['/dev/null/nowhere', cache])).toContain(cache);
  await expect(closedProgram(path, ['/dev/null/nowhere'])).rejects.toThrow(ConfigError);
});

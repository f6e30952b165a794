import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { removeTree, removeUnnamable } from './remove-tree.ts';
import { temporaryDirectory } from './temporary-directory.fixture.ts';

const name = 'd'.repeat(200);
const GO_DEEP = `for i in $(seq 30); do mkdir ${name}; cd ${name}; done; touch file`;

describe.runIf(process.platform === 'linux')('What a shell may leave (Linux)', () => {
  it('is removed also where it lies deeper than a path can say', async () => {
    const folder = join(await temporaryDirectory(), 'tree');
    await mkdir(folder);
    execFileSync('bash', ['-c', GO_DEEP], { cwd: folder });
    await removeTree(folder);
    expect(existsSync(folder)).toBe(false);
    await expect(removeTree(folder)).resolves.toBeUndefined();
  });

  it('is removed although it was shut to its owner', async () => {
    const folder = join(await temporaryDirectory(), 'tree');
    await mkdir(join(folder, 'shut', 'shut'), { recursive: true });
    await chmod(join(folder, 'shut', 'shut'), 0);
    await chmod(join(folder, 'shut'), 0);
    await removeTree(folder);
    expect(existsSync(folder)).toBe(false);
  });

  it('is removed when its name is no text, and nothing else is', async () => {
    const folder = await temporaryDirectory();
    await writeFile(join(folder, 'ünï �'), '');
    execFileSync('bash', ['-c', String.raw`mkdir $'dir\xff'; touch $'dir\xff/in\xfe' $'bad\xff'`], {
      cwd: folder,
    });
    await removeUnnamable(folder);
    expect(await readdir(folder)).toEqual(['ünï �']);
  });
});

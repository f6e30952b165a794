import { execFileSync } from 'node:child_process';
import { lstat, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../../session/home/temporary-directory.fixture.ts';
import { giveTo } from './give-to.ts';

const isRoot = process.getuid?.() === 0;
const SOMEBODY = 65_534;

it.runIf(isRoot)(
  'everything below changes hands, a link itself and not what it leads to (root only)',
  async () => {
    const [folder, elsewhere] = await Promise.all([temporaryDirectory(), temporaryDirectory()]);
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    await writeFile(join(folder, 'a', 'b', 'file'), '');
    await symlink(elsewhere, join(folder, 'link'));
    await giveTo(folder, SOMEBODY, SOMEBODY);
    const owners = ['', 'a', 'a/b', 'a/b/file', 'link'].map(
      async (path) => (await lstat(join(folder, path))).uid,
    );
    expect(await Promise.all(owners)).toEqual(Array(5).fill(SOMEBODY));
    expect((await lstat(elsewhere)).uid).toBe(0);
  },
);

it.runIf(process.platform === 'linux')(
  'names that are no text, and a tree deeper than a path can say, are no failure (Linux)',
  async () => {
    const folder = await temporaryDirectory();
    const script = `mkdir "$(printf 'bad\\377')"; touch "$(printf 'bad\\377/file\\376')"; for i in $(seq 30); do mkdir ${'d'.repeat(200)}; cd ${'d'.repeat(200)}; done`;
    execFileSync('bash', ['-c', script], { cwd: folder });
    await giveTo(folder, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
    execFileSync('rm', ['-rf', folder]);
  },
);

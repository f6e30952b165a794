import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { makePack } from './make-pack.ts';
import type { FileToSave } from './plan-packs.ts';
import { temporaryDirectory } from '../home/temporary-directory.fixture.ts';
import { untarGzip } from './untar-gzip.ts';

it.each([
  ['thousands of tiny files with paths that nothing compresses', 2_000, 1],
  ['large files that nothing compresses', 3, 9_000_000],
])('A pack has room for %s', async (_, count, size) => {
  const root = await temporaryDirectory();
  const files: FileToSave[] = [];
  for (let n = 0; n < count; n += 1) {
    const folders = Array.from({ length: 4 }, () => randomBytes(100).toString('base64url'));
    const path = ['workspace', ...folders, `${n}`].join('/');
    const content = randomBytes(size);
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    files.push({ path, size, mode: 0o600, modified: new Date(0), sha256 });
  }
  const { archive, bytes } = await makePack(root, files);
  const digests = new Map<string, string>();
  await untarGzip(Readable.from([archive]), { bytes, members: count }, (path) => async (content) => {
    digests.set(
      path,
      createHash('sha256')
        .update(await buffer(content))
        .digest('hex'),
    );
  });
  expect(digests).toEqual(new Map(files.map(({ path, sha256 }) => [path, sha256])));
});

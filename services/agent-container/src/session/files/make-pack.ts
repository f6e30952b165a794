import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { WORKSPACE_FOLDER } from '../home/confined-path.ts';
import { contentOf, openPlain } from '../home/file-digest.ts';
import type { FileToSave } from './plan-packs.ts';
import { TarGzip } from './tar-gzip.ts';

export interface MadePack {
  readonly archive: Uint8Array;
  /** Of its contents, in bytes. */
  readonly bytes: number;
  /** What was really packed for each path: a file may have been changed since it was looked at. */
  readonly packed: ReadonlyMap<string, { sha256: string; member: string }>;
}

/** Packs files of a home under their own paths, so that any tar shows and unpacks them. */
export async function makePack(root: string, files: readonly FileToSave[]): Promise<MadePack> {
  const archive = new TarGzip();
  const packed = new Map<string, { sha256: string; member: string }>();
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const fill = async (): Promise<void> => {
    try {
      for (const file of files) packed.set(file.path, await addFile(archive, root, file));
      await archive.end();
    } catch (error) {
      archive.fail(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  };
  const [, whole] = await Promise.all([fill(), gathered(archive.stream, mostBytes(files))]);
  return { archive: whole, bytes, packed };
}

/** What never compresses grows by less than a thousandth; a member has two headers of its own, its path in both, and their padding. */
function mostBytes(files: readonly FileToSave[]): number {
  const perFile = files.map(({ path, size }) => size * 1.001 + 2 * Buffer.byteLength(path) + 4_096);
  return Math.ceil(perFile.reduce((sum, bytes) => sum + bytes, 65_536));
}

/** Gathers a stream in one place from the beginning: in pieces, it would be in memory twice when it is put together. */
async function gathered(stream: AsyncIterable<Buffer>, mostBytes: number): Promise<Uint8Array> {
  // Takes no memory before it is written.
  const whole = Buffer.allocUnsafeSlow(mostBytes);
  let bytes = 0;
  for await (const chunk of stream) {
    if (bytes + chunk.byteLength > mostBytes)
      throw new RangeError('An archive is larger than its contents can make it');
    bytes += chunk.copy(whole, bytes);
  }
  return whole.subarray(0, bytes);
}

async function addFile(
  archive: TarGzip,
  root: string,
  file: FileToSave,
): Promise<{ sha256: string; member: string }> {
  const hash = createHash('sha256');
  const member = memberName(file);
  const handle = await openPlain(join(root, file.path));
  try {
    const hashed = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of contentOf(handle, file.size)) {
        hash.update(chunk);
        yield chunk;
      }
    };
    await archive.addFile({ path: member, mode: file.mode, modified: file.modified }, file.size, hashed());
  } finally {
    await handle.close();
  }
  return { sha256: hash.digest('hex'), member };
}

/** A pax header is made of lines, so a name with a line break or the like would not come back as it was. */
function memberName({ path, sha256 }: FileToSave): string {
  const isPlain = !/\p{Cc}|\\/u.test(path);
  return isPlain ? path : `${WORKSPACE_FOLDER}/${sha256}`;
}

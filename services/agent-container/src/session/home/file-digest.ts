import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Digests that are remembered; each takes about 300 bytes of memory. */
const MAX_REMEMBERED = 50_000;

/** A file that was changed so recently may be changed again without its times telling: clocks of file systems tick in ms. */
const SETTLED_AFTER_MS = 1_000;

/** By path and by what the file system says of the file, of which the time of its last status change cannot be set by hand. */
const remembered = new Map<string, string>();

/**
 * @param path of a file.
 * @param stats of the file itself, with every digit of its times.
 * @returns its SHA-256 in hex when it was not changed since that was last reckoned; then it need not even be opened.
 */
export function knownDigest(path: string, stats: BigIntStats): string | undefined {
  return remembered.get(stateOf(path, stats));
}

/** @returns the SHA-256 of the file in hex, and its size; read only when it was changed. A link is not followed: it throws. */
export async function fileDigest(path: string): Promise<{ sha256: string; size: number }> {
  const file = await openPlain(path);
  try {
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) throw new TypeError(`${path} is not a file`);
    const size = Number(stats.size);
    const known = knownDigest(path, stats);
    if (known !== undefined) return { sha256: known, size };
    const isSettled = Date.now() - Number(stats.ctimeMs) > SETTLED_AFTER_MS;
    const hash = createHash('sha256');
    for await (const chunk of contentOf(file, size)) hash.update(chunk);
    const sha256 = hash.digest('hex');
    if (isSettled) remember(stateOf(path, stats), sha256);
    return { sha256, size };
  } finally {
    await file.close();
  }
}

function stateOf(path: string, { dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [path, dev, ino, size, mtimeNs, ctimeNs].join('\0');
}

/** Opens a file itself, never what a link in its place leads to, and waits for no pipe's writer. */
export function openPlain(path: string): Promise<FileHandle> {
  // Windows knows neither flag; there both are undefined, which counts as 0.
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** @returns exactly `size` bytes: a file that was shortened meanwhile is filled up with zeros, so that an archive stays whole. */
export async function* contentOf(
  file: FileHandle,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunkBytes = Math.min(256 * 1024, Math.max(size, 1));
  for (let position = 0; position < size;) {
    const buffer = Buffer.alloc(Math.min(chunkBytes, size - position));
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, position);
    if (bytesRead === 0) {
      yield buffer;
      position += buffer.byteLength;
    } else {
      yield buffer.subarray(0, bytesRead);
      position += bytesRead;
    }
  }
}

function remember(key: string, sha256: string): void {
  const [oldest] = remembered.keys();
  if (remembered.size >= MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  remembered.set(key, sha256);
}

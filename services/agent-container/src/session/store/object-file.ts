// one object of the directory store ↔ one file
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { unreadable } from './read-object.ts';
import type { OpenObject } from './session-store.ts';

/** What is read or written at once. */
const PIECE_BYTES = 1024 * 1024;

/** A write replaces the file and never changes it, so what was opened stays as it is. */
export async function openObjectFile(path: string): Promise<OpenObject | undefined> {
  const file = await open(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  const hash = createHash('sha256');
  let isAtEnd = false;
  const pieces = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const piece of file.createReadStream({ highWaterMark: PIECE_BYTES, autoClose: false })) {
        hash.update(piece as Buffer);
        yield piece as Buffer;
      }
      isAtEnd = true;
    } catch (error) {
      throw unreadable(error);
    }
  };
  try {
    const { size, mtime } = await file.stat();
    return {
      bytes: size,
      modified: mtime,
      body: pieces(),
      version: () => {
        if (!isAtEnd) throw new Error('The version of an object is known when it was read to its end');
        return hash.copy().digest('hex');
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** @returns the SHA-256 of a file in hex; undefined when there is none. */
export async function versionOfFile(path: string): Promise<string | undefined> {
  await using object = await openObjectFile(path);
  if (object === undefined) return undefined;
  const pieces = object.body[Symbol.asyncIterator]();
  while ((await pieces.next()).done !== true);
  return object.version();
}

/** @returns the version of what was written. */
export async function writeDurably(path: string, body: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  try {
    // Piece by piece, so that others have their turn while a transcript is digested.
    for (let at = 0; at < body.byteLength; at += PIECE_BYTES) {
      const piece = body.subarray(at, at + PIECE_BYTES);
      hash.update(piece);
      await file.writeFile(piece);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Without it, the rename itself may be lost with the power. Windows cannot open a directory, and needs no such call. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

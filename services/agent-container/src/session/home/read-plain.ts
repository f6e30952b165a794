import { constants } from 'node:fs';
import { type FileHandle, open, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { openPlain } from './file-digest.ts';

/** What lies where a file is expected is no file that we read; the agent may have put it there. */
export class NoPlainFileError extends Error {
  override readonly name = 'NoPlainFileError';
  readonly code = 'no_plain_file';
  readonly retryable = false;
}

/**
 * Opens a file that an agent may have replaced: follows no link in its place and waits for no pipe's writer.
 * @throws NoPlainFileError when it is a link or no file at all; the system's own error otherwise.
 */
export async function openFileItself(path: string): Promise<FileHandle> {
  const file = await openPlain(path).catch((error: unknown) => {
    // A link; a socket.
    if (hasCode(error, 'ELOOP', 'ENXIO')) throw new NoPlainFileError(`${path} is no file`, { cause: error });
    throw error;
  });
  try {
    if ((await file.stat()).isFile()) return file;
    throw new NoPlainFileError(`${path} is no file`);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * @param limitBytes no more than this is held in memory.
 * @throws NoPlainFileError also when the file is larger; otherwise as `openFileItself`.
 */
export async function readPlainFile(path: string, limitBytes: number): Promise<Buffer> {
  const file = await openFileItself(path);
  try {
    const { size } = await file.stat();
    if (size > limitBytes) throw new NoPlainFileError(`${path} is larger than ${limitBytes} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/**
 * Hands over a directory that an agent may replace at any moment.
 * @param maxNames no more of its names are read, whatever lies there.
 * @param use is given its names, and a path that on Linux leads to this very directory whatever takes its place meanwhile.
 * @throws the system's error: `ENOENT`; `ENOTDIR` for a link too.
 */
export async function withPlainDirectory<T>(
  path: string,
  maxNames: number,
  use: (names: string[], through: string) => Promise<T>,
): Promise<T> {
  // Windows knows neither flag; there both are undefined, which counts as 0.
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const through = process.platform === 'linux' ? join('/proc/self/fd', String(directory.fd)) : path;
    return await use(await firstNames(through, maxNames), through);
  } finally {
    await directory.close();
  }
}

async function firstNames(directory: string, maxNames: number): Promise<string[]> {
  const names: string[] = [];
  // Leaving the loop closes it.
  for await (const { name } of await opendir(directory)) if (names.push(name) >= maxNames) break;
  return names;
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

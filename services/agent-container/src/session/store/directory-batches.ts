import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';

/** Entries that are held at once: a directory may have millions, and a list of all of them holds the server up for seconds. */
const BATCH = 256;

/**
 * Reads a directory piece by piece. What is removed from it meanwhile does not matter; what is added may be seen or not.
 * @throws the system's error when it cannot be opened or read.
 */
export async function* directoryBatches(path: string): AsyncGenerator<Dirent[], void, undefined> {
  yield* batchesOf<Dirent>(path, 'utf8');
}

/** The same with names as bytes: an agent may choose some that are no text. */
export async function* directoryBatchesInBytes(
  path: string | Buffer,
): AsyncGenerator<Dirent<Buffer>[], void, undefined> {
  yield* batchesOf<Dirent<Buffer>>(path, 'buffer');
}

async function* batchesOf<Entry>(
  path: string | Buffer,
  encoding: 'utf8' | 'buffer',
): AsyncGenerator<Entry[], void, undefined> {
  // Node's types know neither bytes for the path nor for the names; its documentation has both.
  const options = { encoding: encoding as 'utf8', bufferSize: BATCH };
  const directory = (await opendir(path, options)) as unknown as AsyncIterable<Entry>;
  let entries: Entry[] = [];
  for await (const entry of directory) {
    entries.push(entry);
    if (entries.length < BATCH) continue;
    yield entries;
    entries = [];
  }
  if (entries.length > 0) yield entries;
}

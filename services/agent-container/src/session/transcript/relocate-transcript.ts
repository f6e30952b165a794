import { createReadStream } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { SessionHome } from '../home/session-home.ts';

/** What is rewritten comes in pieces of about this length, so that a transcript of 100 MB does not fill the memory. In bytes. */
const PIECE_BYTES = 1024 * 1024;
const CWD_BEGINS = Buffer.from('"cwd":"');
const WORKING_DIRECTORY = /^"cwd":("(?:[^"\\]|\\.)*")/;
/** Of a path as JSON; systems have 4,096 at most. In bytes. */
const LONGEST_PATH_BYTES = 8 * 1024;
/** Places that look like one and hold no path; a CLI writes none. */
const MAX_FALSE_PLACES = 100;

/**
 * A transcript names files by absolute path (workspace files, stored tool results), and the machine that wrote it may have
 * kept its sessions elsewhere. Rewrites those paths so that they resolve in `home`. Bytes are looked for, and no line is decoded.
 * @param jsonl the transcript, as the CLI wrote it.
 * @returns it in pieces, to be written one after another.
 */
export function relocateTranscript(jsonl: Uint8Array, home: SessionHome): Iterable<Uint8Array> {
  const writtenAt = rootOfWriter(jsonl);
  if (writtenAt === undefined || writtenAt === home.root || basename(writtenAt) !== home.sessionId)
    return [jsonl];
  return relocate(jsonl, writtenAt, home.root);
}

/** Rewrites the paths in a JSON or JSONL file that was written for the same session in another place. It is never in memory as a whole. */
export async function relocateFile(path: string, from: string, to: string): Promise<void> {
  if (from === to || basename(from) !== basename(to)) return;
  const rewritten = `${path}.moved`;
  try {
    await writeFile(rewritten, relocateChunks(path, from, to), {
      mode: 0o600,
      flag: 'wx',
    });
    await rename(rewritten, path);
  } finally {
    await rm(rewritten, { force: true });
  }
}

async function* relocateChunks(
  path: string,
  from: string,
  to: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const replacement = new Replacement(from, to);
  // Opened when it is read: of what fails before that, nobody would hear, and nobody would close it.
  const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: PIECE_BYTES });
  for await (const chunk of chunks) yield replacement.next(chunk);
  yield replacement.end();
}

function* relocate(json: Uint8Array, from: string, to: string): Generator<Uint8Array, void, undefined> {
  const replacement = new Replacement(from, to);
  for (let start = 0; start < json.byteLength; start += PIECE_BYTES)
    yield replacement.next(json.subarray(start, start + PIECE_BYTES));
  yield replacement.end();
}

/** Replaces a path, as it stands within a JSON text, in bytes that come piece by piece. */
class Replacement {
  readonly #before: Buffer;
  readonly #after: Buffer;
  /** The end of what came so far: the path may begin there. */
  #rest = Buffer.alloc(0);

  constructor(from: string, to: string) {
    this.#before = insideJson(from);
    this.#after = insideJson(to);
  }

  next(piece: Uint8Array): Buffer {
    const bytes = Buffer.concat([this.#rest, piece]);
    const replaced: Buffer[] = [];
    let start = 0;
    for (let at = bytes.indexOf(this.#before); at !== -1; at = bytes.indexOf(this.#before, start)) {
      replaced.push(bytes.subarray(start, at), this.#after);
      start = at + this.#before.byteLength;
    }
    const end = Math.max(start, bytes.byteLength - this.#before.byteLength + 1);
    this.#rest = bytes.subarray(end);
    return Buffer.concat([...replaced, bytes.subarray(start, end)]);
  }

  end(): Buffer {
    return this.#rest;
  }
}

/** Every entry of a transcript names the working directory, `<root>/workspace`; within a text its quotes would be escaped. */
function rootOfWriter(jsonl: Uint8Array): string | undefined {
  const bytes = Buffer.from(jsonl.buffer, jsonl.byteOffset, jsonl.byteLength);
  let at = bytes.indexOf(CWD_BEGINS);
  for (let places = 0; at !== -1 && places < MAX_FALSE_PLACES; places += 1) {
    const text = bytes.subarray(at, at + LONGEST_PATH_BYTES).toString('utf8');
    const cwd = parseText(WORKING_DIRECTORY.exec(text)?.[1]);
    if (cwd !== undefined) return dirname(cwd);
    at = bytes.indexOf(CWD_BEGINS, at + 1);
  }
  return undefined;
}

function parseText(json: string | undefined): string | undefined {
  try {
    return json === undefined ? undefined : (JSON.parse(json) as string);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function insideJson(path: string): Buffer {
  return Buffer.from(JSON.stringify(path).slice(1, -1));
}

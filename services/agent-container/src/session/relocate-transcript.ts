import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { SessionHome } from './session-home.ts';

/** Texts are rewritten in pieces of about this length, so that a transcript of 100 MB does not fill the memory. In bytes. */
const PIECE_BYTES = 4 * 1024 * 1024;
const LINE_FEED = 0x0a;
const WORKING_DIRECTORY = /"cwd":("(?:[^"\\]|\\.)*")/;

/**
 * A transcript names files by absolute path (workspace files, stored tool results), and the machine that wrote it may have
 * kept its sessions elsewhere. Rewrites those paths so that they resolve in `home`.
 * @param jsonl the transcript, as the CLI wrote it.
 * @returns the same bytes when it was written at the same place.
 */
export function relocateTranscript(jsonl: Uint8Array, home: SessionHome): Uint8Array {
  const writtenAt = rootOfWriter(jsonl);
  if (writtenAt === undefined || basename(writtenAt) !== home.sessionId) return jsonl;
  return relocate(jsonl, writtenAt, home.root);
}

/** Rewrites the paths in a JSON or JSONL file that was written for the same session in another place. */
export async function relocateFile(path: string, from: string, to: string): Promise<void> {
  if (from !== to && basename(from) === basename(to))
    await writeFile(path, relocate(await readFile(path), from, to));
}

function relocate(json: Uint8Array, from: string, to: string): Uint8Array {
  if (from === to) return json;
  const [before, after] = [insideJson(from), insideJson(to)];
  // A function, because a replacement text would be searched for `$` patterns, and a path may hold one.
  const moved = Array.from(pieces(json, PIECE_BYTES), (piece) =>
    Buffer.from(piece.toString('utf8').replaceAll(before, () => after)),
  );
  return Buffer.concat(moved);
}

/** Every entry of a transcript names the working directory, `<root>/workspace`. */
function rootOfWriter(jsonl: Uint8Array): string | undefined {
  for (const piece of pieces(jsonl, 1)) {
    const cwd = WORKING_DIRECTORY.exec(piece.toString('utf8'))?.[1];
    if (cwd !== undefined) return dirname(JSON.parse(cwd) as string);
  }
  return undefined;
}

/** Cuts after line feeds only, where neither a character nor a path can be cut in two. */
function* pieces(bytes: Uint8Array, leastBytes: number): Generator<Buffer, void, undefined> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = 0; start < text.byteLength;) {
    const newline = text.indexOf(LINE_FEED, Math.min(start + leastBytes, text.byteLength) - 1);
    const end = newline === -1 ? text.byteLength : newline + 1;
    yield text.subarray(start, end);
    start = end;
  }
}

function insideJson(path: string): string {
  return JSON.stringify(path).slice(1, -1);
}

import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { linePieces } from './line-pieces.ts';
import type { SessionHome } from './session-home.ts';

/** Texts are rewritten in pieces of about this length, so that a transcript of 100 MB does not fill the memory. In bytes. */
const PIECE_BYTES = 4 * 1024 * 1024;
const WORKING_DIRECTORY = /"cwd":("(?:[^"\\]|\\.)*")/;

/**
 * A transcript names files by absolute path (workspace files, stored tool results), and the machine that wrote it may have
 * kept its sessions elsewhere. Rewrites those paths so that they resolve in `home`.
 * @param jsonl the transcript, as the CLI wrote it.
 * @returns it in pieces, to be written one after another.
 */
export function relocateTranscript(jsonl: Uint8Array, home: SessionHome): Iterable<Uint8Array> {
  const writtenAt = rootOfWriter(jsonl);
  if (writtenAt === undefined || basename(writtenAt) !== home.sessionId) return [jsonl];
  return relocate(jsonl, writtenAt, home.root);
}

/** Rewrites the paths in a JSON or JSONL file that was written for the same session in another place. */
export async function relocateFile(path: string, from: string, to: string): Promise<void> {
  if (from !== to && basename(from) === basename(to))
    await writeFile(path, relocate(await readFile(path), from, to));
}

function* relocate(json: Uint8Array, from: string, to: string): Generator<Uint8Array, void, undefined> {
  if (from === to) {
    yield json;
    return;
  }
  const [before, after] = [insideJson(from), insideJson(to)];
  // A function, because a replacement text would be searched for `$` patterns, and a path may hold one.
  for (const piece of linePieces(json, PIECE_BYTES))
    yield Buffer.from(piece.toString('utf8').replaceAll(before, () => after));
}

/** Every entry of a transcript names the working directory, `<root>/workspace`. */
function rootOfWriter(jsonl: Uint8Array): string | undefined {
  for (const piece of linePieces(jsonl, 1)) {
    const cwd = WORKING_DIRECTORY.exec(piece.toString('utf8'))?.[1];
    if (cwd !== undefined) return dirname(JSON.parse(cwd) as string);
  }
  return undefined;
}

function insideJson(path: string): string {
  return JSON.stringify(path).slice(1, -1);
}

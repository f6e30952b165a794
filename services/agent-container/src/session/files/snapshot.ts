import { z } from 'zod';
import { isConfinedLink, isConfinedPath } from '../home/confined-path.ts';

/** More than any limit that can be set, so that a damaged or hostile list cannot fill the disk. In bytes. */
const MAX_FILE_BYTES = 64 * 1024 ** 3;

/** Of the list itself, in bytes. `PATHS_LIMIT_BYTES` of a scan keeps what is saved below it; what is larger is not read. */
export const SNAPSHOT_LIMIT_BYTES = 32 * 1024 * 1024;

const path = z.string().refine(isConfinedPath, 'leads out of the session');
const modified = z.iso.datetime();

const fileEntry = z.object({
  type: z.literal('file'),
  path,
  size: z.int().min(0).max(MAX_FILE_BYTES),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** POSIX permission bits; no others. */
  mode: z.int().min(0).max(0o777),
  modified,
  pack: z.uuid(),
  /** The name of the content in its pack: the path that it had when it was packed. */
  member: path,
});
const linkEntry = z.object({ type: z.literal('link'), path, modified, target: z.string() });
/** Only those that hold nothing: any other comes into being with what it holds. */
const directoryEntry = z.object({ type: z.literal('directory'), path, modified });

const snapshotSchema = z
  .object({
    format: z.literal(1),
    saved: z.iso.datetime(),
    /** Where the session lived: transcripts of subagents name files by their absolute paths. */
    root: z.string(),
    entries: z.array(z.discriminatedUnion('type', [fileEntry, linkEntry, directoryEntry])),
    /** Each `packs/{name}.tar.gz` that an entry names, with the bytes of the contents in it. */
    packs: z.record(z.uuid(), z.object({ bytes: z.int().min(0).max(MAX_FILE_BYTES) })),
    /** Files that were over the limit. */
    left_out: z.array(path),
    /** Whole turns of the conversation, as `countTurns` counts them: by it a cut conversation is known. Older lists have none. */
    turns: z.int().min(0).exactOptional(),
  })
  .refine(({ entries }) => isTree(entries), 'two entries want the same place')
  .refine(
    ({ entries }) =>
      entries.every((entry) => entry.type !== 'link' || isConfinedLink(entry.path, entry.target)),
    'a link leads out of the workspace',
  )
  .refine(
    ({ entries, packs }) =>
      entries.every((entry) => entry.type !== 'file' || Object.hasOwn(packs, entry.pack)),
    'a file is in no pack',
  );

/**
 * What a session's home held beside its conversation when a turn was saved: the workspace, and what else the CLI needs. Paths
 * are relative to the home, with `/` between their parts. A snapshot belongs to the conversation whose digest names it.
 */
export type Snapshot = z.infer<typeof snapshotSchema>;
export type SnapshotEntry = Snapshot['entries'][number];
export type SnapshotFile = Extract<SnapshotEntry, { type: 'file' }>;

export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(snapshot)}\n`);
}

/** @returns undefined when it is none, or one that no save can have written: then nothing of it is used. */
export function decodeSnapshot(body: Uint8Array): Snapshot | undefined {
  try {
    return snapshotSchema.safeParse(JSON.parse(new TextDecoder().decode(body))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Every path once, and none below one that is no directory: so nothing is ever written through a link. */
function isTree(entries: readonly { type: string; path: string }[]): boolean {
  const taken = new Set(entries.map(({ path }) => path));
  if (taken.size !== entries.length) return false;
  // Each folder is looked at once: thousands of files may lie thousands of folders deep.
  const folders = new Set<string>();
  for (const { path } of entries)
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const folder = path.slice(0, at);
      if (folders.has(folder)) break;
      if (taken.has(folder)) return false;
      folders.add(folder);
    }
  return true;
}

import type { Snapshot, SnapshotFile } from './snapshot.ts';

/** A file as it lies in the home now. */
export interface FileToSave {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  readonly modified: Date;
  readonly sha256: string;
}

/** Where a content can be read again. */
interface Place {
  readonly pack: string;
  readonly member: string;
}

export interface PackPlan {
  /** Contents that need not be sent, by their digest. */
  readonly stored: ReadonlyMap<string, Place>;
  /** One list of files for each new pack; of equal contents only one is in it. */
  readonly toPack: readonly (readonly FileToSave[])[];
}

/** Room for the contents of one pack, in bytes; a larger file has a pack of its own. Bounds the memory of a save and of a restore. */
const PACK_BYTES = 8 * 1024 * 1024;
/** Each turn that changes something adds a pack; so many small ones are put together. */
const MAX_SMALL_PACKS = 16;

/**
 * Decides what has to be sent: contents that no pack holds yet, and those of packs that have become mostly waste or that are
 * many and small. The packs these lie in are no longer named afterwards.
 */
export function planPacks(files: readonly FileToSave[], before: Snapshot | undefined): PackPlan {
  const stored = new Map<string, Place>();
  const worn = before ? wornPacks(before, new Set(files.map(({ sha256 }) => sha256))) : new Set<string>();
  for (const { sha256, pack, member } of filesOf(before))
    if (!worn.has(pack)) stored.set(sha256, { pack, member });
  const missing = new Map(
    files.filter(({ sha256 }) => !stored.has(sha256)).map((file) => [file.sha256, file]),
  );
  return { stored, toPack: inPacks([...missing.values()]) };
}

function wornPacks(before: Snapshot, wanted: ReadonlySet<string>): Set<string> {
  const liveBytes = new Map<string, number>();
  const seen = new Set<string>();
  for (const { sha256, size, pack } of filesOf(before)) {
    if (!wanted.has(sha256) || seen.has(sha256)) continue;
    seen.add(sha256);
    liveBytes.set(pack, (liveBytes.get(pack) ?? 0) + size);
  }
  const live = Object.entries(before.packs).filter(([pack]) => liveBytes.has(pack));
  const wasteful = live.filter(([pack, { bytes }]) => (liveBytes.get(pack) ?? 0) < bytes / 2);
  const small = live.filter(([, { bytes }]) => bytes < PACK_BYTES / 2);
  return new Set([...wasteful, ...(small.length > MAX_SMALL_PACKS ? small : [])].map(([pack]) => pack));
}

function filesOf(snapshot: Snapshot | undefined): SnapshotFile[] {
  return snapshot?.entries.filter((entry) => entry.type === 'file') ?? [];
}

function inPacks(files: readonly FileToSave[]): FileToSave[][] {
  const packs: FileToSave[][] = [];
  let room = 0;
  for (const file of files) {
    if (packs.length === 0 || file.size > room) {
      packs.push([]);
      room = PACK_BYTES;
    }
    packs.at(-1)?.push(file);
    room -= file.size;
  }
  return packs;
}

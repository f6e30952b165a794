import { packObject, sessionFolderKey, sessionObjectKey, snapshotObject } from '@omnicloud/storage';
import { readUpTo } from '../store/read-object.ts';
import type { OpenObject, SessionStore } from '../store/session-store.ts';
import { decodeSnapshot, type Snapshot, SNAPSHOT_LIMIT_BYTES } from './snapshot.ts';

/** The files that a stored conversation had beside it, and where their contents are. */
export interface StoredFiles {
  readonly snapshot: Snapshot;
  /** Of the snapshot's own object. */
  readonly key: string;
  /**
   * Opens an archive by its name in the snapshot, to be read piece by piece: it may be of any size.
   * @returns undefined when it is not there.
   * @throws AgentError `store_unavailable`.
   */
  openPack(name: string): Promise<OpenObject | undefined>;
}

/** Leftovers of runs that were killed while they saved are removed after this time: no run lasts as long. */
const LEFTOVER_AFTER_MS = 24 * 60 * 60 * 1000;
/** A turn that could not be delivered waits among the dead letters for 14 days, and its files with it. */
const SENT_FILE_LIFE_MS = 15 * 24 * 60 * 60 * 1000;

/** They are looked for at one save in 16, because a listing takes longer than all else here: where the digest begins so. */
const LOOKS_FOR_LEFTOVERS = /\/0[0-9a-f]{63}\.json$/;

/** @returns the key of the snapshot that belongs to exactly the conversation of this SHA-256, in hex. */
export function snapshotKey(sessionId: string, sha256: string): string {
  return sessionObjectKey(sessionId, snapshotObject(sha256));
}

/** What was found of the files beside a conversation. */
export interface FoundFiles {
  /** Undefined when there is no list that can be read. */
  readonly files: StoredFiles | undefined;
  /** Whether the list that belongs to the conversation should be there and is not: then `files` are those of an earlier turn, or none. */
  readonly isListLost: boolean;
  /** Keys of lists that are there and cannot be read. */
  readonly damaged: readonly string[];
}

/** @returns the files beside the conversation of this SHA-256, as `lookForFiles` finds them. @throws AgentError `store_unavailable`. */
export async function findStoredFiles(
  store: SessionStore,
  sessionId: string,
  sha256: string,
): Promise<StoredFiles | undefined> {
  return (await lookForFiles(store, sessionId, { sha256, isAsSaved: false })).files;
}

/**
 * Finds the snapshot of a stored conversation. For one that was cut off or changed by hand none has the right name; then the newest is
 * nearest to it.
 * @param sha256 of the stored conversation, in hex.
 * @param isAsSaved whether the conversation is known to be what was saved last: then its own snapshot must be there.
 * @throws AgentError `store_unavailable`.
 */
export async function lookForFiles(
  store: SessionStore,
  sessionId: string,
  { sha256, isAsSaved }: { readonly sha256: string; readonly isAsSaved: boolean },
): Promise<FoundFiles> {
  const damaged: string[] = [];
  const filesOf = (found: FoundSnapshot): StoredFiles => ({
    ...found,
    openPack: (name) => store.open(sessionObjectKey(sessionId, packObject(name))),
  });
  const named = await readSnapshot(store, snapshotKey(sessionId, sha256), damaged);
  if (named) return { files: filesOf(named), isListLost: false, damaged };
  const newest = await newestSnapshot(store, sessionId, damaged);
  if (newest) return { files: filesOf(newest), isListLost: isAsSaved || damaged.length > 0, damaged };
  // A session that was saved before its files were has neither lists nor contents.
  const isListLost = damaged.length > 0 || (await hasPacks(store, sessionId));
  return { files: undefined, isListLost, damaged };
}

async function hasPacks(store: SessionStore, sessionId: string): Promise<boolean> {
  return (await store.list(sessionFolderKey(sessionId, 'packs/'))).length > 0;
}

/**
 * Removes what a save has replaced, and what killed runs left behind long ago. Names are never used again, so that a process
 * that was frozen before this, and does it later than it should, takes nothing from those that came after it.
 * @param now the snapshot that counts from now on, and its key.
 * @throws AgentError `store_unavailable`; the rest is removed another time.
 */
export async function removeReplaced(
  store: SessionStore,
  sessionId: string,
  {
    now,
    before,
  }: { readonly now: { key: string; snapshot: Snapshot }; readonly before: StoredFiles | undefined },
): Promise<void> {
  const packKey = (name: string): string => sessionObjectKey(sessionId, packObject(name));
  const used = new Set([now.key, ...Object.keys(now.snapshot.packs).map(packKey)]);
  const replaced = before ? [before.key, ...Object.keys(before.snapshot.packs).map(packKey)] : [];
  await Promise.all(replaced.filter((key) => !used.has(key)).map((key) => store.delete(key)));
  if (!LOOKS_FOR_LEFTOVERS.test(now.key)) return;
  const oldest = Date.now() - LEFTOVER_AFTER_MS;
  for (const folder of ['snapshots/', 'packs/'] as const)
    for (const { key, modified } of await store.list(sessionFolderKey(sessionId, folder)))
      if (!used.has(key) && modified.getTime() < oldest) await store.delete(key);
  const oldestSent = Date.now() - SENT_FILE_LIFE_MS;
  for (const { key, modified } of await store.list(sessionFolderKey(sessionId, 'outbox/')))
    if (modified.getTime() < oldestSent) await store.delete(key);
}

interface FoundSnapshot {
  readonly snapshot: Snapshot;
  readonly key: string;
}

async function newestSnapshot(
  store: SessionStore,
  sessionId: string,
  damaged: string[],
): Promise<FoundSnapshot | undefined> {
  const listed = await store.list(sessionFolderKey(sessionId, 'snapshots/'));
  const newestFirst = listed.sort((a, b) => b.modified.getTime() - a.modified.getTime());
  for (const { key } of newestFirst) {
    const found = await readSnapshot(store, key, damaged);
    if (found) return found;
  }
  return undefined;
}

async function readSnapshot(
  store: SessionStore,
  key: string,
  damaged: string[],
): Promise<FoundSnapshot | undefined> {
  const object = await readUpTo(store, key, SNAPSHOT_LIMIT_BYTES);
  if (object === undefined) return undefined;
  const snapshot = object === 'too_large' ? undefined : decodeSnapshot(object.body);
  if (!snapshot && !damaged.includes(key)) damaged.push(key);
  return snapshot && { snapshot, key };
}

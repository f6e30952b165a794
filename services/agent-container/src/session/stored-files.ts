import { createHash } from 'node:crypto';
import { packObject, sessionFolderKey, sessionObjectKey, snapshotObject } from '@omnicloud/protocol';
import type { SessionStore } from './session-store.ts';
import { decodeSnapshot, type Snapshot } from './snapshot.ts';

/** The files that a stored conversation had beside it, and where their contents are. */
export interface StoredFiles {
  readonly snapshot: Snapshot;
  /** Of the snapshot's own object. */
  readonly key: string;
  /**
   * @returns an archive by its name in the snapshot; undefined when it is not there.
   * @throws AgentError `store_unavailable`.
   */
  readPack(name: string): Promise<Uint8Array | undefined>;
}

/** Leftovers of runs that were killed while they saved are removed after this time: no run lasts as long. */
const LEFTOVER_AFTER_MS = 24 * 60 * 60 * 1000;
/** A turn that could not be delivered waits among the dead letters for 14 days, and its files with it. */
const SENT_FILE_LIFE_MS = 15 * 24 * 60 * 60 * 1000;

/** They are looked for at one save in 16, because a listing takes longer than all else here: where the digest begins so. */
const LOOKS_FOR_LEFTOVERS = /\/0[0-9a-f]{63}\.json$/;

/** @returns the key of the snapshot that belongs to exactly this conversation. */
export function snapshotKey(sessionId: string, conversation: Uint8Array): string {
  const digest = createHash('sha256').update(conversation).digest('hex');
  return sessionObjectKey(sessionId, snapshotObject(digest));
}

/**
 * Finds the snapshot of a stored conversation. For one that was cut off or changed by hand none has the right name; then the newest is
 * nearest to it.
 * @returns undefined when there is none that can be read.
 * @throws AgentError `store_unavailable`.
 */
export async function findStoredFiles(
  store: SessionStore,
  sessionId: string,
  conversation: Uint8Array,
): Promise<StoredFiles | undefined> {
  const named = await readSnapshot(store, snapshotKey(sessionId, conversation));
  const found = named ?? (await newestSnapshot(store, sessionId));
  if (!found) return undefined;
  return {
    ...found,
    readPack: async (name) => (await store.get(sessionObjectKey(sessionId, packObject(name))))?.body,
  };
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
  now: { key: string; snapshot: Snapshot },
  before: StoredFiles | undefined,
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

async function newestSnapshot(
  store: SessionStore,
  sessionId: string,
): Promise<{ snapshot: Snapshot; key: string } | undefined> {
  const listed = await store.list(sessionFolderKey(sessionId, 'snapshots/'));
  const newestFirst = listed.sort((a, b) => b.modified.getTime() - a.modified.getTime());
  for (const { key } of newestFirst) {
    const found = await readSnapshot(store, key);
    if (found) return found;
  }
  return undefined;
}

async function readSnapshot(
  store: SessionStore,
  key: string,
): Promise<{ snapshot: Snapshot; key: string } | undefined> {
  const object = await store.get(key);
  const snapshot = object && decodeSnapshot(object.body);
  return snapshot && { snapshot, key };
}

// the session's home → scan → digests → packs of what the store lacks → store → the snapshot that names everything
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type WorkspaceFigures } from '@omnicloud/protocol';
import { packObject, sessionObjectKey } from '@omnicloud/storage';
import { WORKSPACE_FOLDER } from '../home/confined-path.ts';
import { fileDigest } from '../home/file-digest.ts';
import { inParallel } from '../home/in-parallel.ts';
import { makePack, type MadePack } from './make-pack.ts';
import { type FileToSave, type PackPlan, planPacks } from './plan-packs.ts';
import { putPersistently } from '../store/put-persistently.ts';
import { jsonBytes, type Scan, scanHome, WORKSPACE_LIMITS, type WorkspaceLimits } from '../home/scan-home.ts';
import { packTimes, type PackTimes, withoutLostPacks } from './renew-packs.ts';
import type { SessionHome } from '../home/session-home.ts';
import type { SessionStore } from '../store/session-store.ts';
import type { Snapshot, SnapshotEntry } from './snapshot.ts';

/** Paths over the limit that are remembered, so that they stay where they still are: so many, and so many bytes of them. */
const MAX_LEFT_OUT = 20_000;
const LEFT_OUT_BYTES = 2 * 1024 * 1024;

export interface FilesToSave {
  /** The snapshot that was restored. */
  readonly before: Snapshot | undefined;
  readonly limits?: WorkspaceLimits | undefined;
  readonly retryDelaysMs?: readonly number[] | undefined;
  /** Told why the store could not say which packs it has; then it is taken to have them all. */
  readonly onLeftover?: ((error: unknown) => void) | undefined;
}

interface SavedFiles {
  readonly snapshot: Snapshot;
  readonly figures: WorkspaceFigures;
  /** Of the packs that were there before; empty when the store could not say. */
  readonly times: PackTimes;
}

/**
 * Sends every content that the store lacks. The snapshot itself is not written: it is the caller's, who knows the conversation.
 * @returns the snapshot, what to tell of the workspace, and the ages of what was not sent again.
 * @throws AgentError `store_unavailable`; then nothing names what was sent.
 */
export async function saveFiles(
  home: SessionHome,
  store: SessionStore,
  { before: restored, limits = WORKSPACE_LIMITS, retryDelaysMs, onLeftover }: FilesToSave,
): Promise<SavedFiles> {
  // While the home is read: the store takes its time.
  const asked = restored ? packTimes(store, home.sessionId, restored) : Promise.resolve(undefined);
  const listed = asked.catch((error: unknown) => {
    onLeftover?.(error);
    return undefined;
  });
  const scan = await scanHome(home, limits);
  const files = await withDigests(home, scan);
  const times = await listed;
  const before = restored && times ? withoutLostPacks(restored, times) : restored;
  const plan = planPacks(files, before);
  const sent: SentPack[] = [];
  // One pack is made while the one before it is sent: no more than two are in memory.
  let sending: Promise<void> = Promise.resolve();
  for (const list of plan.toPack) {
    const { archive, bytes, packed } = await makePack(home.root, list).finally(() => sending);
    const name = randomUUID();
    const key = sessionObjectKey(home.sessionId, packObject(name));
    sending = putPersistently(store, { key, body: archive, delaysMs: retryDelaysMs });
    // It is heard of when the next pack is made.
    sending.catch(() => undefined);
    sent.push({ name, bytes, packed });
  }
  await sending;
  const entries = entriesOf(scan, { files, plan, sent });
  const snapshot: Snapshot = {
    format: 1,
    saved: new Date().toISOString(),
    root: home.root,
    entries,
    packs: packsOf(entries, before, sent),
    left_out: leftOut(scan.overLimit),
  };
  return { snapshot, figures: figuresOf(snapshot, scan), times: times ?? new Map() };
}

function leftOut(paths: readonly string[]): string[] {
  let bytes = 0;
  return paths.slice(0, MAX_LEFT_OUT).filter((path) => (bytes += jsonBytes(path)) <= LEFT_OUT_BYTES);
}

type SentPack = { readonly name: string } & Pick<MadePack, 'bytes' | 'packed'>;

/** What vanished since the scan is left out. */
async function withDigests(home: SessionHome, scan: Scan): Promise<FileToSave[]> {
  const files = scan.entries.filter((entry) => entry.type === 'file');
  const digested = await inParallel(files, async (file) => {
    const { sha256 } = file;
    const digest = sha256 === undefined ? await digestIfThere(join(home.root, file.path)) : { sha256 };
    return digest && { ...file, ...digest };
  });
  return digested.filter((file) => file !== undefined);
}

async function digestIfThere(path: string): Promise<{ sha256: string; size: number } | undefined> {
  try {
    return await fileDigest(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
    throw error;
  }
}

function entriesOf(
  scan: Scan,
  {
    files,
    plan: { stored },
    sent,
  }: { readonly files: readonly FileToSave[]; readonly plan: PackPlan; readonly sent: readonly SentPack[] },
): SnapshotEntry[] {
  const places = new Map<string, { sha256: string; pack: string; member: string }>();
  for (const [sha256, place] of stored) places.set(sha256, { sha256, ...place });
  const wanted = new Map(files.map((file) => [file.path, file.sha256]));
  for (const { name, packed } of sent)
    for (const [path, { sha256, member }] of packed)
      places.set(wanted.get(path) ?? sha256, { sha256, pack: name, member });
  const byPath = new Map(files.map((file) => [file.path, file]));
  return scan.entries.flatMap((entry): SnapshotEntry[] => {
    const { path } = entry;
    const modified = entry.modified.toISOString();
    if (entry.type === 'link') return [{ type: 'link', path, modified, target: entry.target }];
    if (entry.type === 'directory') return [{ type: 'directory', path, modified }];
    const file = byPath.get(path);
    const place = file && places.get(file.sha256);
    return place ? [{ type: 'file', path, size: file.size, mode: file.mode, modified, ...place }] : [];
  });
}

function packsOf(
  entries: readonly SnapshotEntry[],
  before: Snapshot | undefined,
  sent: readonly SentPack[],
): Snapshot['packs'] {
  const known = new Map(Object.entries(before?.packs ?? {}));
  for (const { name, bytes } of sent) known.set(name, { bytes });
  const named = new Set(entries.flatMap((entry) => (entry.type === 'file' ? [entry.pack] : [])));
  return Object.fromEntries([...known].filter(([name]) => named.has(name)));
}

function figuresOf({ entries }: Snapshot, { overLimit, unsavable }: Scan): WorkspaceFigures {
  const files = entries.filter(
    (entry) => entry.type === 'file' && entry.path.startsWith(`${WORKSPACE_FOLDER}/`),
  );
  return {
    files: files.length,
    bytes: files.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0),
    skipped: overLimit.length + unsavable.length,
    is_over_limit: overLimit.length > 0,
  };
}

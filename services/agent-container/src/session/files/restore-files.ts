// snapshot → what the home lacks → packs → each content to a draft outside, checked, then moved to its place
import { createHash, randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, open, readlink, rename, rm, symlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AgentError } from '../../errors.ts';
import { WORKSPACE_FOLDER } from '../home/confined-path.ts';
import { fileDigest } from '../home/file-digest.ts';
import { inParallel } from '../home/in-parallel.ts';
import { relocateFile } from '../transcript/relocate-transcript.ts';
import { ownDirectory, OwnDirectories } from '../home/own-directory.ts';
import { removeOthers } from './remove-others.ts';
import { CHECKPOINT_FOLDER, lstatIfThere, WORKSPACE_LIMITS } from '../home/scan-home.ts';
import type { SessionHome } from '../home/session-home.ts';
import type { Snapshot, SnapshotFile } from './snapshot.ts';
import type { StoredFiles } from './stored-files.ts';
import { untarGzip } from './untar-gzip.ts';

/**
 * Makes the workspace and the side folders of a home what the snapshot says, whatever an earlier run left there. What is there already
 * is not fetched. Nothing is written through a link: every parent is a directory of our own, and contents are moved into place.
 * @param excludes patterns of what is not saved; it is left as it is.
 * @returns the files whose content is missing or damaged in the store; all others are in place.
 * @throws AgentError `store_unavailable`.
 */
export async function restoreFiles(
  files: StoredFiles,
  home: SessionHome,
  excludes: readonly string[] = WORKSPACE_LIMITS.excludes,
): Promise<LostFile[]> {
  const { snapshot } = files;
  await removeOthers(snapshot, home, excludes);
  const own = new OwnDirectories(home.root);
  for (const entry of snapshot.entries) if (entry.type === 'directory') await own.make(entry.path);
  const present = await inParallel(filesOf(snapshot), async (file) => ({
    file,
    isThere: await isInPlace(home, file),
  }));
  const missing = Map.groupBy(
    present.flatMap(({ file, isThere }) => (isThere ? [] : [file])),
    ({ pack }) => pack,
  );
  const drafts = join(home.temporary, 'restore');
  await mkdir(drafts, { recursive: true, mode: 0o700 });
  const lost: LostFile[] = [];
  for (const [pack, wanted] of missing) {
    await using archive = await files.openPack(pack);
    const limit = { bytes: snapshot.packs[pack]?.bytes ?? 0, members: snapshot.entries.length };
    lost.push(
      ...(await restorePack(archive?.body, { limit, files: wanted, site: { home, own, drafts, snapshot } })),
    );
  }
  await rm(drafts, { recursive: true, force: true });
  // Last, when no path leads through them any more.
  for (const entry of snapshot.entries) if (entry.type === 'link') await restoreLink(home, entry);
  return lost;
}

/** A file that cannot be had again. */
export interface LostFile {
  /** In the session's home. */
  readonly path: string;
  readonly cause: unknown;
}

interface Site {
  readonly home: SessionHome;
  readonly own: OwnDirectories;
  readonly drafts: string;
  readonly snapshot: Snapshot;
}

/** Several files may share one content, which lies in the pack once. */
async function restorePack(
  archive: AsyncIterable<Uint8Array> | undefined,
  {
    limit,
    files,
    site,
  }: {
    readonly limit: { bytes: number; members: number };
    readonly files: readonly SnapshotFile[];
    readonly site: Site;
  },
): Promise<LostFile[]> {
  const byMember = Map.groupBy(files, ({ member }) => member);
  const restored = new Set<SnapshotFile>();
  let cause: unknown = new Error(archive ? 'The content is not in its archive' : 'The archive is missing');
  if (archive) {
    try {
      await untarGzip(archive, limit, (member, size) => {
        const wanted = byMember.get(member)?.filter((file) => file.size === size);
        const [first] = wanted ?? [];
        if (!first || !wanted) return undefined;
        byMember.delete(member);
        return async (content) => {
          const draft = join(site.drafts, randomUUID());
          if ((await writeDraft(draft, content)) !== first.sha256) return;
          const alike = wanted.filter(({ sha256 }) => sha256 === first.sha256);
          for (const file of alike) {
            await putInPlace(draft, { file, isLast: file === alike.at(-1), site });
            restored.add(file);
          }
        };
      });
    } catch (error) {
      // A full or refusing disk is no damage of the archive, and neither is a store that breaks off.
      if (error instanceof AgentError || (error instanceof Error && 'syscall' in error)) throw error;
      cause = error;
    }
  }
  return files.filter((file) => !restored.has(file)).map(({ path }) => ({ path, cause }));
}

/** @returns the digest of what was written. */
async function writeDraft(draft: string, content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(draft, 'w', 0o600);
  try {
    for await (const chunk of content) {
      hash.update(chunk);
      await file.appendFile(chunk);
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

/** @param isLast whether nobody else needs the draft. */
async function putInPlace(
  draft: string,
  {
    file,
    isLast,
    site: { home, own, snapshot },
  }: { readonly file: SnapshotFile; readonly isLast: boolean; readonly site: Site },
): Promise<void> {
  const copy = isLast ? draft : `${draft}.copy`;
  if (!isLast) await copyFile(draft, copy);
  // What else the CLI keeps stays fresh: it deletes what looks old.
  if (hasItsTime(file)) await utimes(copy, new Date(), new Date(file.modified));
  else if (/\.jsonl?$/.test(file.path)) await relocateFile(copy, snapshot.root, home.root);
  await chmod(copy, ownersOwn(file.mode));
  await own.make(dirname(file.path));
  const place = join(home.root, file.path);
  try {
    await rename(copy, place);
  } catch (error) {
    // No system moves a file over a directory; each says so in its own way.
    if ((await lstatIfThere(place))?.isDirectory() !== true) throw error;
    await rm(place, { recursive: true });
    await rename(copy, place);
  }
}

/** To the CLI, a file that is older than its checkpoint is unchanged since then. */
function hasItsTime({ path }: SnapshotFile): boolean {
  return path.startsWith(`${WORKSPACE_FOLDER}/`) || path.startsWith(`${CHECKPOINT_FOLDER}/`);
}

async function isInPlace(home: SessionHome, file: SnapshotFile): Promise<boolean> {
  const place = join(home.root, file.path);
  const stats = await lstatIfThere(place);
  // A second name of the same file may lie anywhere, and would change with it.
  if (stats?.isFile() !== true || stats.size !== file.size || stats.nlink !== 1) return false;
  // Only when it must be: this alone would make its digest unknown.
  if ((stats.mode & 0o7777) !== ownersOwn(file.mode)) await chmod(place, ownersOwn(file.mode));
  return (await fileDigest(place)).sha256 === file.sha256;
}

async function restoreLink(home: SessionHome, link: { path: string; target: string }): Promise<void> {
  const place = join(home.root, link.path);
  const stats = await lstatIfThere(place);
  if (stats?.isSymbolicLink() === true && (await readlink(place)) === link.target) return;
  await ownDirectory(home.root, dirname(link.path));
  await rm(place, { recursive: true, force: true });
  await symlink(link.target, place);
}

function filesOf({ entries }: Snapshot): SnapshotFile[] {
  return entries.filter((entry) => entry.type === 'file');
}

/** Never for others, never with setuid; and its owner can always read and replace it. */
function ownersOwn(mode: number): number {
  return (mode & 0o700) | 0o600;
}

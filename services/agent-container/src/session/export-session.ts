// store → the session's objects and the files of its workspace → one .tar.gz, as a stream
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type SessionObject, sessionObjectKey } from '@omnicloud/storage';
import { AgentError } from '../errors.ts';
import { WORKSPACE_FOLDER } from './home/confined-path.ts';
import { unknownSession } from './open-session.ts';
import { digestOfObject } from './store/read-object.ts';
import type { SessionStore } from './store/session-store.ts';
import type { SnapshotFile } from './files/snapshot.ts';
import { findStoredFiles, type StoredFiles } from './files/stored-files.ts';
import { TarGzip } from './files/tar-gzip.ts';
import { untarGzip } from './files/untar-gzip.ts';

/** The plan's three objects of a session. */
const SESSION_OBJECTS: readonly SessionObject[] = ['conversation.jsonl', 'debug.txt', 'todos.json'];

/**
 * Reads the files of a session's workspace as the last saved turn left them. Needs no lease: a snapshot never changes.
 * @throws AgentError `session_unknown`, `store_unavailable`.
 */
export async function workspaceFiles(store: SessionStore, sessionId: string): Promise<SnapshotFile[]> {
  const files = await findStoredFiles(store, sessionId, await conversationDigest(store, sessionId));
  return files ? inWorkspace(files) : [];
}

/**
 * The session as an archive: `conversation.jsonl`, `todos.json`, and `workspace/` with its files and links.
 * @param withDebug whether `debug.txt` goes with it: it tells of the server, and is for its owner.
 * @returns a gzipped tar. When something cannot be read after it has begun, it breaks off.
 * @throws AgentError `session_unknown`, `store_unavailable`.
 */
export async function exportSession(
  store: SessionStore,
  sessionId: string,
  withDebug: boolean,
): Promise<Readable> {
  const objects = withDebug ? SESSION_OBJECTS : SESSION_OBJECTS.filter((name) => name !== 'debug.txt');
  const files = await findStoredFiles(store, sessionId, await conversationDigest(store, sessionId));
  return archiveOf(async (archive) => {
    await addObjects(archive, { store, sessionId, objects });
    if (files) await addWorkspace(archive, files);
  });
}

/** @returns the plan's three objects as a gzipped tar. @throws AgentError `session_unknown`, `store_unavailable`. */
export async function exportDebug(store: SessionStore, sessionId: string): Promise<Readable> {
  await conversationDigest(store, sessionId);
  return archiveOf((archive) => addObjects(archive, { store, sessionId, objects: SESSION_OBJECTS }));
}

async function conversationDigest(store: SessionStore, sessionId: string): Promise<string> {
  const stored = await digestOfObject(store, sessionObjectKey(sessionId, 'conversation.jsonl'));
  if (stored) return stored.sha256;
  throw unknownSession();
}

function archiveOf(fill: (archive: TarGzip) => Promise<void>): Readable {
  const archive = new TarGzip();
  // Whoever reads it hears of it in any case.
  archive.stream.on('error', () => undefined);
  fill(archive)
    .then(() => archive.end())
    .catch((error: unknown) => archive.fail(error instanceof Error ? error : new Error(String(error))));
  return archive.stream;
}

async function addObjects(
  archive: TarGzip,
  {
    store,
    sessionId,
    objects,
  }: { readonly store: SessionStore; readonly sessionId: string; readonly objects: readonly SessionObject[] },
): Promise<void> {
  for (const name of objects) {
    await using object = await store.open(sessionObjectKey(sessionId, name));
    if (object)
      await archive.addFile({ path: name, mode: 0o600, modified: new Date() }, object.bytes, object.body);
  }
}

/** Pack by pack, each content under every path that has it. */
async function addWorkspace(archive: TarGzip, files: StoredFiles): Promise<void> {
  // What is read together is still written one after another.
  let added: Promise<void> = Promise.resolve();
  const byPack = Map.groupBy(inWorkspace(files), ({ pack }) => pack);
  for (const [pack, wanted] of byPack) {
    await using stored = await files.openPack(pack);
    if (!stored) throw new AgentError('internal', `The archive ${pack} of this session is missing`);
    const byMember = Map.groupBy(wanted, ({ member }) => member);
    const limit = { bytes: files.snapshot.packs[pack]?.bytes ?? 0, members: files.snapshot.entries.length };
    await untarGzip(stored.body, limit, (member, size) => {
      const paths = byMember.get(member)?.filter((file) => file.size === size) ?? [];
      if (paths.length === 0) return undefined;
      return async (content) => {
        const whole = await buffer(content);
        added = added.then(async () => {
          for (const { path, mode, modified } of paths)
            await archive.addFile({ path, mode, modified: new Date(modified) }, size, [whole]);
        });
        await added;
      };
    });
  }
  for (const entry of files.snapshot.entries) {
    const member = { path: entry.path, mode: 0o700, modified: new Date(entry.modified) };
    if (entry.type === 'link') await archive.addLink(member, entry.target);
    if (entry.type === 'directory') await archive.addDirectory(member);
  }
}

function inWorkspace({ snapshot }: StoredFiles): SnapshotFile[] {
  return snapshot.entries.filter(
    (entry): entry is SnapshotFile => entry.type === 'file' && entry.path.startsWith(`${WORKSPACE_FOLDER}/`),
  );
}

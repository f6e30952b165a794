// store → conversation.jsonl, todos.json, debug.txt, files → the session's home on this machine (+ the image's own agent folder)
import { cp, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { type SessionObject, sessionObjectKey } from '@omnicloud/storage';
import { ownDirectory } from './home/own-directory.ts';
import { type ReadConversation, readConversation } from './read-conversation.ts';
import { readUpTo } from './store/read-object.ts';
import { relocateTranscript } from './transcript/relocate-transcript.ts';
import { removeForeign } from './home/remove-foreign.ts';
import { removeTree } from './home/remove-tree.ts';
import { type LostFile, restoreFiles } from './files/restore-files.ts';
import type { SessionHome } from './home/session-home.ts';
import type { SessionStore } from './store/session-store.ts';
import { isAsSaved } from './last-turn.ts';
import { lookForFiles, type StoredFiles } from './files/stored-files.ts';
import { decodeTodos, writeTasks } from './transcript/task-list.ts';

/** The objects of a session as the store holds them; each may be absent. */
export interface StoredSession {
  readonly conversation: Uint8Array | undefined;
  /** Of the conversation; only a write that expects it may replace it. */
  readonly version: string | undefined;
  /** SHA-256 of the stored conversation in hex; undefined when `conversation` is not all of it. */
  readonly sha256?: string | undefined;
  /** Of what is stored, what `conversation` lacks because it is beyond a limit. */
  readonly leftOut?: ReadConversation['leftOut'];
  readonly todos: Uint8Array | undefined;
  readonly debug: Uint8Array | undefined;
  readonly lastTurn: Uint8Array | undefined;
  /** What lies beside the conversation; undefined for a session that was saved before files were. */
  readonly files: StoredFiles | undefined;
  /** Keys of lists of files that cannot be read. */
  readonly damagedLists?: readonly string[];
  /** The list of the files is damaged or missing: `files` are those of an earlier turn, or none. */
  readonly isFileListLost?: boolean;
  /** Set when the stored conversation was damaged and `conversation` is what could be repaired: the turns it lacks. */
  readonly lostTurns?: number;
}

export const NOTHING_STORED: StoredSession = {
  conversation: undefined,
  version: undefined,
  todos: undefined,
  debug: undefined,
  lastTurn: undefined,
  files: undefined,
};

/** No list of tasks, debug log or last turn that a server writes is larger; what is, is not read. In bytes. */
const SIDE_OBJECT_LIMIT_BYTES = 16 * 1024 * 1024;

/** @throws AgentError `store_unavailable` */
export async function readStoredSession(store: SessionStore, sessionId: string): Promise<StoredSession> {
  const side = async (name: SessionObject): Promise<Uint8Array | 'too_large' | undefined> => {
    const object = await readUpTo(store, sessionObjectKey(sessionId, name), SIDE_OBJECT_LIMIT_BYTES);
    return typeof object === 'object' ? object.body : object;
  };
  const [conversation, todos, debug, lastTurn] = await Promise.all([
    storedConversation(store, sessionId),
    side('todos.json'),
    side('debug.txt'),
    side('last-turn.json'),
  ]);
  const known = lastTurn === 'too_large' ? undefined : lastTurn;
  const found =
    conversation &&
    (await lookForFiles(store, sessionId, {
      sha256: conversation.sha256,
      isAsSaved: isAsSaved(conversation.sha256, known),
    }));
  return {
    conversation: conversation?.body,
    version: conversation?.version,
    sha256: conversation?.sha256,
    leftOut: conversation?.leftOut ?? 'nothing',
    // No list is as long, so it counts as one that cannot be read.
    todos: todos === 'too_large' ? Buffer.of() : todos,
    debug: debug === 'too_large' ? undefined : debug,
    lastTurn: known,
    files: found?.files,
    ...(found?.isListLost ? { isFileListLost: true, damagedLists: found.damaged } : {}),
  };
}

async function storedConversation(
  store: SessionStore,
  sessionId: string,
): Promise<ReadConversation | undefined> {
  await using object = await store.open(sessionObjectKey(sessionId, 'conversation.jsonl'));
  return object && (await readConversation(object));
}

/**
 * Lays the session out for the CLI. What an unfinished run left here is replaced: only the store counts.
 * @param imageFolder the image's own `agent/` folder.
 * @param excludes patterns of what of a workspace is not saved, and so left as it is; the usual ones unless given.
 * @returns what is missing or damaged in the store: files, or the task list.
 * @throws AgentError `store_unavailable`.
 */
export async function restore(
  stored: StoredSession,
  home: SessionHome,
  {
    imageFolder,
    excludes,
  }: { readonly imageFolder: string; readonly excludes?: readonly string[] | undefined },
): Promise<LostFile[]> {
  const tasks = stored.todos === undefined ? [] : decodeTodos(stored.todos);
  // A server that was killed had no time for it.
  await removeForeign(home);
  // The CLI leaves probes and sockets of dead processes here.
  await removeTree(home.temporary);
  await removeTree(home.spool);
  // One after another, because they have parents in common.
  for (const directory of [
    home.workspace,
    home.userHome,
    dirname(home.transcript),
    dirname(home.debugLog),
    dirname(home.tasks),
  ])
    await ownDirectory(home.root, relative(home.root, directory).split(sep).join('/'));
  await Promise.all([
    restoreTranscript(stored.conversation, home),
    writeTasks(home.tasks, tasks ?? []),
    writeAnew(home.debugLog, stored.debug ?? ''),
    copyImageFolder(imageFolder, home.config),
  ]);
  const lost = stored.files ? await restoreFiles(stored.files, home, excludes) : [];
  // A list that cannot be read must not stand in the way of all that is said from now on.
  return tasks === undefined
    ? [{ path: 'todos.json', cause: new SyntaxError('It is no task list') }, ...lost]
    : lost;
}

async function restoreTranscript(conversation: Uint8Array | undefined, home: SessionHome): Promise<void> {
  if (conversation === undefined) return rm(home.transcript, { recursive: true, force: true });
  await writeAnew(home.transcript, relocateTranscript(conversation, home));
}

/**
 * Its time of change is fresh then: the CLI deletes what looks older than `cleanupPeriodDays`. And a link that lay in its place is
 * not written through.
 */
async function writeAnew(path: string, content: string | Uint8Array | Iterable<Uint8Array>): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await writeFile(path, content, { mode: 0o600, flag: 'wx' });
}

/** What the CLI reads from its config directory by itself; plugins and mcp.json are handed to it as options. */
const COPIED = ['settings.json', 'agents', 'skills', 'CLAUDE.md'];

/** Copies, not links: through a link, whatever rewrites the settings of one session, the CLI itself for one, would rewrite everybody's. */
async function copyImageFolder(imageFolder: string, config: string): Promise<void> {
  await Promise.all(
    COPIED.map(async (name) => {
      const copy = join(config, name);
      await removeTree(copy);
      try {
        await cp(join(imageFolder, name), copy, { recursive: true, dereference: true });
      } catch (error) {
        // An image need not have all of them.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      }
    }),
  );
}

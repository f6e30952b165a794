// store → conversation.jsonl, todos.json, debug.txt → the session's home on this machine (+ the image's own agent folder)
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sessionObjectKey } from '@omnicloud/protocol';
import { AgentError } from '../errors.ts';
import { relocateTranscript } from './relocate-transcript.ts';
import type { SessionHome } from './session-home.ts';
import type { SessionStore } from './session-store.ts';
import { decodeTodos, type Task, writeTasks } from './task-list.ts';

/** The objects of a session as the store holds them; each may be absent. */
export interface StoredSession {
  readonly conversation: Uint8Array | undefined;
  /** Of the conversation; only a write that expects it may replace it. */
  readonly version: string | undefined;
  readonly todos: Uint8Array | undefined;
  readonly debug: Uint8Array | undefined;
  readonly lastTurn: Uint8Array | undefined;
  /** Set when the stored conversation was damaged and `conversation` is what could be repaired: the turns it lacks. */
  readonly lostTurns?: number;
}

export const NOTHING_STORED: StoredSession = {
  conversation: undefined,
  version: undefined,
  todos: undefined,
  debug: undefined,
  lastTurn: undefined,
};

/** @throws AgentError `store_unavailable` */
export async function readStoredSession(store: SessionStore, sessionId: string): Promise<StoredSession> {
  const [conversation, todos, debug, lastTurn] = await Promise.all([
    store.get(sessionObjectKey(sessionId, 'conversation.jsonl')),
    store.get(sessionObjectKey(sessionId, 'todos.json')),
    store.get(sessionObjectKey(sessionId, 'debug.txt')),
    store.get(sessionObjectKey(sessionId, 'last-turn.json')),
  ]);
  return {
    conversation: conversation?.body,
    version: conversation?.version,
    todos: todos?.body,
    debug: debug?.body,
    lastTurn: lastTurn?.body,
  };
}

/**
 * Lays the session out for the CLI. What an unfinished run left here is replaced: only the store counts.
 * @param imageFolder the image's own `agent/` folder.
 * @throws AgentError `internal` when the stored task list is damaged; then nothing here was touched.
 */
export async function restore(stored: StoredSession, home: SessionHome, imageFolder: string): Promise<void> {
  const tasks = readTodos(stored.todos);
  // The CLI leaves probes and sockets of dead processes here.
  await rm(home.temporary, { recursive: true, force: true });
  await Promise.all([
    ...[home.workspace, home.temporary, dirname(home.transcript), dirname(home.debugLog)].map((directory) =>
      mkdir(directory, { recursive: true, mode: 0o700 }),
    ),
  ]);
  await Promise.all([
    restoreTranscript(stored.conversation, home),
    writeTasks(home.tasks, tasks),
    writeFile(home.debugLog, stored.debug ?? '', { mode: 0o600 }),
    linkImageFolder(imageFolder, home.config),
  ]);
}

async function restoreTranscript(conversation: Uint8Array | undefined, home: SessionHome): Promise<void> {
  if (conversation === undefined) return rm(home.transcript, { force: true });
  // Written anew, so that its time of change is fresh: the CLI deletes what looks older than `cleanupPeriodDays`.
  await writeFile(home.transcript, relocateTranscript(new TextDecoder().decode(conversation), home), {
    mode: 0o600,
  });
}

function readTodos(todos: Uint8Array | undefined): Task[] {
  const tasks = todos === undefined ? [] : decodeTodos(todos);
  if (tasks === undefined)
    throw new AgentError('internal', 'The stored task list of this session is damaged');
  return tasks;
}

/** What the CLI reads from its config directory by itself; plugins and mcp.json are handed to it as options. */
const LINKED = ['settings.json', 'agents', 'skills', 'CLAUDE.md'];

/** Links, not copies: in the image the folder is read-only, and the tool guard follows links before it allows a write. */
async function linkImageFolder(imageFolder: string, config: string): Promise<void> {
  await Promise.all(
    LINKED.map(async (name) => {
      const link = join(config, name);
      await rm(link, { recursive: true, force: true });
      await symlink(join(imageFolder, name), link);
    }),
  );
}

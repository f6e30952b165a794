// the session's home → debug.txt, todos.json, last-turn.json → conversation.jsonl last → store
import { readFile } from 'node:fs/promises';
import { type SessionObject, sessionObjectKey } from '@omnicloud/protocol';
import { AgentError } from '../errors.ts';
import { encodeLastTurn, type LastTurn } from './last-turn.ts';
import type { SessionHome } from './session-home.ts';
import { putPersistently } from './put-persistently.ts';
import type { Expectation, SessionStore } from './session-store.ts';
import { encodeTodos, readTasks } from './task-list.ts';

/** The debug log of the last turns; older lines are dropped. In bytes. */
const DEBUG_LOG_LIMIT_BYTES = 256 * 1024;

export interface Saving {
  /** The version of the conversation that was restored, undefined for a new session. */
  readonly before: string | undefined;
  /** The turn's answer, when the caller may ask for it again by its key. */
  readonly turn?: Omit<LastTurn, 'conversation_sha256'> | undefined;
  /** Waits before further tries of a write that failed; see `putPersistently`. */
  readonly retryDelaysMs?: readonly number[] | undefined;
}

/**
 * Saves a finished turn. The conversation goes last: whoever is killed in between, the next run finds the whole turn or none of it.
 * @throws AgentError `internal` when the CLI left no sound transcript, `lease_lost` when somebody
 * else wrote the session meanwhile, `store_unavailable` when the store refused.
 */
export async function persist(home: SessionHome, store: SessionStore, saving: Saving): Promise<void> {
  const { before, turn, retryDelaysMs } = saving;
  const put = (name: SessionObject, body: Uint8Array, expected?: Expectation): Promise<void> =>
    putPersistently(store, sessionObjectKey(home.sessionId, name), body, expected, retryDelaysMs);
  const conversation = await readTranscript(home);
  const todos = encodeTodos(await readTasks(home.tasks));
  const first = [
    persistDebugLog(home, store),
    put('todos.json', todos),
    ...(turn ? [put('last-turn.json', encodeLastTurn(turn, conversation))] : []),
  ];
  // Also when one of them failed: what follows must not meet a write that is still under way.
  await Promise.allSettled(first);
  await Promise.all(first);
  await put('conversation.jsonl', conversation, before === undefined ? 'absent' : { version: before });
}

/** Saves only the debug log, if there is one: what a failed turn leaves for whoever looks into it. */
export async function persistDebugLog(home: SessionHome, store: SessionStore): Promise<void> {
  const log = await readFile(home.debugLog).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (log === undefined) return;
  await store.put(sessionObjectKey(home.sessionId, 'debug.txt'), lastLines(log, DEBUG_LOG_LIMIT_BYTES));
}

async function readTranscript(home: SessionHome): Promise<Uint8Array> {
  const transcript = await readFile(home.transcript).catch((error: unknown) => {
    throw new AgentError('internal', 'The agent left no transcript, so this turn cannot be saved', {
      cause: error,
    });
  });
  const entries = transcript
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  // Saved, it would stand for a conversation that no CLI can resume.
  if (entries.length === 0) {
    throw new AgentError('internal', 'The agent left an empty transcript, so this turn cannot be saved');
  }
  entries.forEach(assertEntry);
  return transcript;
}

/** A broken line in the middle makes the next resume lose what came before it, silently. Better no save than that. */
function assertEntry(line: string): void {
  try {
    JSON.parse(line);
  } catch (error) {
    throw new AgentError('internal', 'The agent left a damaged transcript, so this turn cannot be saved', {
      cause: error,
    });
  }
}

function lastLines(log: Uint8Array, limit: number): Uint8Array {
  if (log.byteLength <= limit) return log;
  const tail = log.subarray(log.byteLength - limit);
  return tail.subarray(tail.indexOf(0x0a) + 1);
}

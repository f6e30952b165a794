// store → conversation.jsonl → sound? as it is | repaired, the damaged object kept aside | unknown
import { damagedObject, sessionObjectKey } from '@omnicloud/storage';
import { AgentError } from '../errors.ts';
import { inSlices } from './store/in-slices.ts';
import { repairSteps } from './transcript/repair-transcript.ts';
import { digestOfObject } from './store/read-object.ts';
import { readStoredSession, type StoredSession } from './restore.ts';
import type { SessionStore } from './store/session-store.ts';
import { decodeTodos } from './transcript/task-list.ts';
import { tooLarge } from './transcript/check-transcript.ts';
import { TRANSCRIPT_LIMIT_BYTES } from './transcript/transcript-limits.ts';

/**
 * Reads a session that is to go on. A damaged conversation is copied aside as it is, and the session goes on with what can
 * be repaired; the version stays that of the damaged object, which the next save replaces. So are a damaged task list, which is left
 * to `restore` to report as lost, and a damaged list of files.
 * @param onDamage told that an object is damaged, and where it is kept.
 * @throws AgentError `session_unknown` when there is no conversation, or none that can be repaired; `conversation_too_large` when
 * what can be read of it is too large to be saved again; `store_unavailable`.
 */
export async function openSession(
  store: SessionStore,
  sessionId: string,
  onDamage: (error: AgentError) => void,
): Promise<StoredSession> {
  const stored = await readStoredSession(store, sessionId);
  const { conversation } = stored;
  if (conversation === undefined) {
    throw unknownSession();
  }
  if (stored.todos !== undefined && decodeTodos(stored.todos) === undefined) {
    const aside = await keepAside(store, sessionId, sessionObjectKey(sessionId, 'todos.json'));
    onDamage(new AgentError('internal', `The stored task list is damaged; it is kept as ${aside}`));
  }
  if (stored.isFileListLost) {
    const kept = (stored.damagedLists ?? []).map((key) => keepAside(store, sessionId, key));
    const where =
      kept.length === 0 ? 'missing' : `damaged; it is kept as ${(await Promise.all(kept)).join(', ')}`;
    onDamage(new AgentError('internal', `The stored list of files is ${where}`));
  }
  const repair = await inSlices(repairSteps(conversation, stored.files?.snapshot.turns));
  // All that could be read of it is whole, and it is too much.
  if (repair.kind === 'sound' && stored.leftOut === 'end') throw tooLarge();
  if (repair.kind === 'sound') return withinLimit(stored);
  const aside = await keepAside(store, sessionId, sessionObjectKey(sessionId, 'conversation.jsonl'));
  const damage = new AgentError('internal', `The stored conversation is damaged; it is kept as ${aside}`);
  onDamage(damage);
  if (repair.kind === 'beyond_repair') {
    throw new AgentError('session_unknown', 'The conversation of this session is damaged beyond repair', {
      cause: damage,
    });
  }
  const { transcript, lostTurns } = repair;
  const sha256 = transcript === conversation ? stored.sha256 : undefined;
  return withinLimit({ ...stored, conversation: transcript, sha256, lostTurns });
}

/** @returns the refusal of a session that does not exist, or that is not to be told from such a one. */
export function unknownSession(): AgentError {
  return new AgentError('session_unknown', 'There is no such session, or its conversation was never saved');
}

/** A turn that could not be saved afterwards is not begun. */
function withinLimit(stored: StoredSession): StoredSession {
  if ((stored.conversation?.byteLength ?? 0) > TRANSCRIPT_LIMIT_BYTES) throw tooLarge();
  return stored;
}

/**
 * Copies a damaged object within the store: it may be of any size.
 * @returns the key of the copy. Opened again before it was replaced, the same object is not copied once more.
 */
async function keepAside(store: SessionStore, sessionId: string, key: string): Promise<string> {
  const digest = await digestOfObject(store, key);
  if (digest !== undefined) {
    const extension = key.endsWith('.jsonl') ? 'jsonl' : 'json';
    // The name says what is in it.
    const aside = sessionObjectKey(sessionId, damagedObject(digest.sha256, extension));
    if ((await store.renew(aside)) || (await store.copy(key, aside))) return aside;
  }
  throw new AgentError('store_unavailable', `${key} has vanished while it was read`);
}

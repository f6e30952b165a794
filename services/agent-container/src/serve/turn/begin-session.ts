// create request → stored by an earlier try? go on from it | new
import { sessionObjectKey } from '@omnicloud/storage';
import { AgentError } from '../../errors.ts';
import { openSession } from '../../session/open-session.ts';
import { NOTHING_STORED, type StoredSession } from '../../session/restore.ts';
import { digestOfObject } from '../../session/store/read-object.ts';
import type { SessionStore } from '../../session/store/session-store.ts';

/**
 * Reads what an earlier try of a create request has stored, if anything. What is damaged beyond repair is kept aside and then
 * replaced by the new turn: the caller asks for a new session and can be given one.
 * @param onDamage told that a conversation is damaged, and where it is kept.
 * @throws AgentError `store_unavailable`.
 */
export async function beginSession(
  store: SessionStore,
  sessionId: string,
  onDamage: (error: AgentError) => void,
): Promise<StoredSession> {
  try {
    return await openSession(store, sessionId, onDamage);
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'session_unknown') throw error;
    const beyondRepair = await digestOfObject(store, sessionObjectKey(sessionId, 'conversation.jsonl'));
    return { ...NOTHING_STORED, version: beyondRepair?.version };
  }
}

// store → conversation.jsonl → sound? as it is | repaired, the damaged object kept aside | unknown
import { damagedConversation, sessionObjectKey } from '@omnicloud/protocol';
import { AgentError } from '../errors.ts';
import { repairTranscript } from './repair-transcript.ts';
import { readStoredSession, type StoredSession } from './restore.ts';
import type { SessionStore } from './session-store.ts';

/**
 * Reads a session that is to go on. A damaged conversation is copied aside as it is, and the session goes on with what can
 * be repaired; the version stays that of the damaged object, which the next save replaces.
 * @param onDamage told that a conversation is damaged, and where it is kept.
 * @throws AgentError `session_unknown` when there is no conversation, or none that can be repaired; `store_unavailable`.
 */
export async function openSession(
  store: SessionStore,
  sessionId: string,
  onDamage: (error: AgentError) => void,
): Promise<StoredSession> {
  const stored = await readStoredSession(store, sessionId);
  const { conversation } = stored;
  if (conversation === undefined) {
    throw new AgentError('session_unknown', 'There is no such session, or its conversation was never saved');
  }
  const repair = repairTranscript(new TextDecoder().decode(conversation));
  if (repair.kind === 'sound') return stored;
  const aside = sessionObjectKey(sessionId, damagedConversation(new Date()));
  await store.put(aside, conversation);
  const damage = new AgentError('internal', `The stored conversation is damaged; it is kept as ${aside}`);
  onDamage(damage);
  if (repair.kind === 'beyond_repair') {
    throw new AgentError('session_unknown', 'The conversation of this session is damaged beyond repair', {
      cause: damage,
    });
  }
  const { transcript, lostTurns } = repair;
  return { ...stored, conversation: new TextEncoder().encode(transcript), lostTurns };
}

// a session → the conversations that it belongs to, each an object beside the conversation itself
import { ownerObject, sessionObjectKey } from '@omnicloud/storage';
import type { SessionTable } from '@omnicloud/storage';
import type { SessionStore } from './session-store.ts';

/** Where it is kept which session belongs to which conversation. */
export interface OwnerStores {
  readonly store: Pick<SessionStore, 'open'>;
  readonly table: Pick<SessionTable, 'find'>;
}

/**
 * @param conversation as a caller names it; anything but a `chat_id:thread_id` owns nothing.
 * @returns whether a turn of the session was saved for this conversation, or the conversation goes on with it now: as a supergroup does with
 *   the session of the group that it was.
 * @throws AgentError `store_unavailable`; the table's own error.
 */
export async function isOwnSession(
  conversation: string,
  sessionId: string,
  { store, table }: OwnerStores,
): Promise<boolean> {
  const name = ownerObject(conversation);
  if (name === undefined) return false;
  await using mark = await store.open(sessionObjectKey(sessionId, name));
  // An outage of the table holds nobody up whose session has its mark.
  return mark !== undefined || (await table.find(conversation))?.sessionId === sessionId;
}

/**
 * The object's key is all that is read of it. A turn writes it again each time, so it becomes no older than the conversation beside it.
 * @returns key and body of what makes the session this conversation's; undefined where nobody named a conversation.
 */
export function ownerMark(
  sessionId: string,
  conversation: string | undefined,
): { readonly key: string; readonly body: Uint8Array } | undefined {
  const name = conversation === undefined ? undefined : ownerObject(conversation);
  return (
    name && { key: sessionObjectKey(sessionId, name), body: new TextEncoder().encode(`${conversation}\n`) }
  );
}

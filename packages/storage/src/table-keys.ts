/**
 * The one DynamoDB table has a single key, a string. What an item is shows in it: a mapping lies under its conversation's own
 * `chat_id:thread_id`, everything else under a prefix that no such key can have.
 */
export const TABLE_PARTITION_KEY = 'session_key';

/** When DynamoDB may delete an item, in epoch seconds. It does so days late, so a reader must not rely on it. */
export const TABLE_TTL_ATTRIBUTE = 'expires_at';

/** @returns where a session's lease lies. */
export function leaseKey(sessionId: string): string {
  return `lease#${sessionId}`;
}

/** @returns where the record of an update's turn lies. */
export function turnKey(updateId: number): string {
  return `turn#${updateId}`;
}

/** @param sessionKey `chat_id:thread_id`. @returns where the conversation's stop request lies. */
export function stopKey(sessionKey: string): string {
  return `stop#${sessionKey}`;
}

/** @param group of turns, as the queue orders them. @returns where the view of what waits in it lies. */
export function backlogKey(group: string): string {
  return `backlog#${group}`;
}

/** @param expiresAtMs ms since 1970. @returns the value of the TTL attribute: never earlier than that, less than a second later. */
export function ttlSeconds(expiresAtMs: number): number {
  return Math.ceil(expiresAtMs / 1000);
}

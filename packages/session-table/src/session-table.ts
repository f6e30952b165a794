/** What the table knows of one conversation. */
export interface SessionMapping {
  /** The session, a UUID. */
  readonly sessionId: string;
  /** When the mapping was last saved, to the millisecond. */
  readonly savedAt: Date;
}

/**
 * Port: `session_key` (`chat_id:thread_id`) → `session_id`. A mapping expires `SESSION_MAPPING_DAYS` after it was
 * last saved; the reader checks that itself, because a store may delete expired items days late.
 *
 * What is saved is durable once the promise resolves. When the store fails, its own error is thrown as it is.
 */
export interface SessionTable {
  /** @returns the mapping, or undefined when there is none or it has expired. */
  find(sessionKey: string): Promise<SessionMapping | undefined>;
  /** Creates or replaces the mapping and starts its life anew. */
  save(sessionKey: string, sessionId: string): Promise<void>;
  /** Removes the mapping; the session's objects stay. Nothing happens when there is none. */
  forget(sessionKey: string): Promise<void>;
}

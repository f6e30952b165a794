/** What the table knows of one conversation. */
export interface SessionMapping {
  /** The session, a UUID. */
  readonly sessionId: string;
  /** When the mapping was last saved, to the millisecond. */
  readonly savedAt: Date;
}

/** By what right a session takes a conversation over. */
export interface Claim {
  /** Of the session's lease: only a run that holds the session later may save over this one. */
  readonly fencingToken: number;
  /** What `find` told when the run began. */
  readonly replaces: SessionMapping | undefined;
}

/**
 * Port: `session_key` (`chat_id:thread_id`) → `session_id`. A mapping expires `SESSION_MAPPING_DAYS` after it was
 * last saved; the reader checks that itself, because a store may delete expired items days late. An expired mapping counts as none.
 *
 * What is saved is durable once the promise resolves. When the store fails, its own error is thrown as it is.
 */
export interface SessionTable {
  /** @returns the mapping, or undefined when there is none or it has expired. */
  find(sessionKey: string): Promise<SessionMapping | undefined>;
  /**
   * Lets the conversation go on with this session and starts the mapping's life anew, if the conversation still has what the claim
   * replaces (that very mapping, or none), or this session already, saved with a fencing token that is not higher. Of several
   * savers at once one wins.
   * @returns whether it was saved; false leaves everything as it is.
   */
  save(sessionKey: string, sessionId: string, claim: Claim): Promise<boolean>;
  /**
   * Starts the mapping's life anew, if the conversation has this session, saved with a fencing token that is not higher.
   * @returns whether it was; false leaves everything as it is.
   */
  refresh(sessionKey: string, sessionId: string, fencingToken: number): Promise<boolean>;
  /**
   * Lets a conversation that has no session go on with that of another one, whose mapping it gets as it is. Nothing happens when it has one,
   * or the other one has none.
   */
  inherit(sessionKey: string, from: string): Promise<void>;
  /**
   * Removes the mapping, if it is that session's; the session's objects stay. Else nothing happens: whoever comes late must not take
   * away the session that the conversation goes on with by now.
   */
  forget(sessionKey: string, sessionId: string): Promise<void>;
}

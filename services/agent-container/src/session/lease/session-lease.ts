/** The right to run one session, for as long as it is renewed. */
export interface Lease {
  readonly sessionId: string;
  /** Who holds it: a name that is unique for this run, and says enough for a log. */
  readonly holder: string;
  /** Only grows: every new holder of a session gets a higher one than any holder before. */
  readonly fencingToken: number;
  readonly expiresAt: Date;
}

/** What came of asking for a session: the lease, or who has it and until when. */
export type Acquired = { readonly lease: Lease } | { readonly heldBy: string; readonly until: Date };

/**
 * Port: one lease per session, so that two runs of it never meet. A lease that is not renewed expires, and then another
 * holder may take it; the earlier one learns that at its next renewal, or when a write that it fences off is refused.
 * Time is the caller's clock, so a TTL must be far longer than clocks differ.
 */
export interface SessionLeases {
  /**
   * Takes the session, if it is free or its lease has expired.
   * @param ttlMs how long the lease lasts unless it is renewed, in ms.
   * @throws AgentError `store_unavailable` when it cannot be told.
   */
  acquire(sessionId: string, holder: string, ttlMs: number): Promise<Acquired>;
  /**
   * Extends a lease from now on.
   * @returns the extended lease, with the same fencing token, or undefined when it was lost: somebody else has taken the session.
   *   One that has expired but was not taken is renewed.
   * @throws AgentError `store_unavailable` when it cannot be told.
   */
  renew(lease: Lease, ttlMs: number): Promise<Lease | undefined>;
  /** Lets the session go at once; nothing happens when the lease was lost. The fencing token is remembered. */
  release(lease: Lease): Promise<void>;
}

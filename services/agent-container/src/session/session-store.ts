/**
 * Port: where a session's objects lie between runs. Keys are S3 keys (`sessions/{session_id}/…`).
 * `put` replaces the whole object atomically: a reader sees the old bytes or the new ones, also after a crash.
 */
export interface SessionStore {
  /**
   * @returns the object's bytes, or undefined when there is no such object.
   * @throws AgentError `store_unavailable` on any other failure.
   */
  get(key: string): Promise<Uint8Array | undefined>;
  /** @throws AgentError `store_unavailable`; then the object is what it was before. */
  put(key: string, body: Uint8Array): Promise<void>;
}

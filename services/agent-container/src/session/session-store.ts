/** An object as it was read. */
export interface StoredObject {
  readonly body: Uint8Array;
  /** Names this very content of the object (S3: its ETag). */
  readonly version: string;
}

/** An object as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  /** When it was last written or renewed, by the store's own clock. */
  readonly modified: Date;
}

/** What the object must be for a write to happen: `absent`, or still the version that was read. */
export type Expectation = 'absent' | { readonly version: string };

/**
 * Port: where a session's objects lie between runs. Keys are S3 keys (`sessions/{session_id}/…`).
 * `put` replaces the whole object atomically: a reader sees the old bytes or the new ones, also after a crash; of two
 * writers that expect the same version, in whatever processes, at most one succeeds.
 */
export interface SessionStore {
  /**
   * @returns the object, or undefined when there is no such object.
   * @throws AgentError `store_unavailable` on any other failure.
   */
  get(key: string): Promise<StoredObject | undefined>;
  /**
   * @param expected without it, the object is replaced whatever it is.
   * @returns the version that was written.
   * @throws AgentError `lease_lost` when the object is not what was expected: somebody else wrote it.
   * @throws AgentError `store_unavailable` on any other failure; then the object is the old one or, when the answer was lost, the new one.
   */
  put(key: string, body: Uint8Array, expected?: Expectation): Promise<string>;
  /**
   * @param prefix ends with `/`.
   * @returns every object whose key begins with it, in no order.
   * @throws AgentError `store_unavailable`
   */
  list(prefix: string): Promise<ListedObject[]>;
  /**
   * Makes an object as young as if it had been written now, and changes nothing else: a store may remove what was written long ago.
   * Only for objects that are written once: the content that another writer replaces meanwhile might come back.
   * @returns whether there is such an object; none comes into being.
   * @throws AgentError `store_unavailable`
   */
  renew(key: string): Promise<boolean>;
  /**
   * Removes an object for good; nothing happens when there is none. Only for objects whose keys are never used again.
   * @throws AgentError `store_unavailable`
   */
  delete(key: string): Promise<void>;
}

/** An object as it was read. */
export interface StoredObject {
  readonly body: Uint8Array;
  /** Names this very content of the object (S3: its ETag). */
  readonly version: string;
}

/** An object that is read piece by piece. It is closed by whoever opened it, read or not. */
export interface OpenObject extends AsyncDisposable {
  /** Of the whole object. */
  readonly bytes: number;
  /** When it was last written or renewed, by the store's own clock. */
  readonly modified: Date;
  /**
   * The content, once, in pieces of at most 1 MiB, all of one version of the object whatever is written meanwhile.
   * @throws AgentError `store_unavailable` when the object breaks off.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** @returns the version of what was read. Known when `body` was read to its end, not before. */
  version(): string;
}

/** An object as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  /** When it was last written or renewed, by the store's own clock. */
  readonly modified: Date;
}

/** Of an object that is read as a whole, in bytes. As much as a transcript may have. */
export const WHOLE_OBJECT_LIMIT_BYTES = 128 * 1024 * 1024;

/** What the object must be for a write to happen: `absent`, or still the version that was read. */
export type Expectation = 'absent' | { readonly version: string };

/**
 * Port: where a session's objects lie between runs. Keys are S3 keys (`sessions/{session_id}/…`).
 * `put` replaces the whole object atomically: a reader sees the old bytes or the new ones, also after a crash; of two
 * writers that expect the same version, in whatever processes, at most one succeeds.
 */
export interface SessionStore {
  /**
   * Reads an object as a whole: for one that is known to be small, such as an object that only the server writes. See `readUpTo` for others.
   * @returns the object, or undefined when there is no such object.
   * @throws AgentError `store_unavailable` on any other failure, also when the object has more than `WHOLE_OBJECT_LIMIT_BYTES`.
   */
  get(key: string): Promise<StoredObject | undefined>;
  /**
   * Opens an object, whose size nobody can promise, to be read piece by piece.
   * @returns undefined when there is no such object.
   * @throws AgentError `store_unavailable` on any other failure.
   */
  open(key: string): Promise<OpenObject | undefined>;
  /**
   * @param expected without it, the object is replaced whatever it is.
   * @returns the version that was written.
   * @throws ConditionFailedError when the object is not what was expected: somebody else wrote it, and it stays as it is.
   * @throws AgentError `store_unavailable` on any other failure; then the object is the old one or, when the answer was lost, the new one.
   */
  put(key: string, body: Uint8Array, expected?: Expectation): Promise<string>;
  /**
   * Copies an object within the store; no byte of it comes here. What lay at `to` is replaced.
   * @returns whether there is an object at `from`.
   * @throws AgentError `store_unavailable`
   */
  copy(from: string, to: string): Promise<boolean>;
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

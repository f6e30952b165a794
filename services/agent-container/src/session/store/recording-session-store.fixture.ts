import type { Expectation, ListedObject, OpenObject, SessionStore, StoredObject } from './session-store.ts';

/** Passes everything on to a real store, notes the order of completed puts, and fails those it is told to. */
export class RecordingSessionStore implements SessionStore {
  readonly puts: string[] = [];
  readonly deleted: string[] = [];
  readonly renewed: string[] = [];
  readonly #store: SessionStore;
  #failure: { key: RegExp; error: Error } | undefined;

  constructor(store: SessionStore) {
    this.#store = store;
  }

  /** From now on, whatever touches a key that matches fails. */
  failOn(key: RegExp, error: Error): void {
    this.#failure = { key, error };
  }

  async get(key: string): Promise<StoredObject | undefined> {
    this.#mayFail(key);
    return this.#store.get(key);
  }

  async open(key: string): Promise<OpenObject | undefined> {
    this.#mayFail(key);
    return this.#store.open(key);
  }

  async copy(from: string, to: string): Promise<boolean> {
    this.#mayFail(from);
    this.#mayFail(to);
    const isThere = await this.#store.copy(from, to);
    if (isThere) this.puts.push(to);
    return isThere;
  }

  async put(key: string, body: Uint8Array, expected?: Expectation): Promise<string> {
    this.#mayFail(key);
    const version = await this.#store.put(key, body, expected);
    this.puts.push(key);
    return version;
  }

  async list(prefix: string): Promise<ListedObject[]> {
    this.#mayFail(prefix);
    return this.#store.list(prefix);
  }

  async renew(key: string): Promise<boolean> {
    this.#mayFail(key);
    const isThere = await this.#store.renew(key);
    if (isThere) this.renewed.push(key);
    return isThere;
  }

  async delete(key: string): Promise<void> {
    this.#mayFail(key);
    await this.#store.delete(key);
    this.deleted.push(key);
  }

  #mayFail(key: string): void {
    if (this.#failure?.key.test(key)) throw this.#failure.error;
  }
}

import type { SessionStore } from './session-store.ts';

/** Passes everything on to a real store, notes the order of completed puts, and fails those it is told to. */
export class RecordingSessionStore implements SessionStore {
  readonly puts: string[] = [];
  readonly #store: SessionStore;
  #failure: { key: RegExp; error: Error } | undefined;

  constructor(store: SessionStore) {
    this.#store = store;
  }

  /** From now on, whatever touches a key that matches fails. */
  failOn(key: RegExp, error: Error): void {
    this.#failure = { key, error };
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#mayFail(key);
    return this.#store.get(key);
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    this.#mayFail(key);
    await this.#store.put(key, body);
    this.puts.push(key);
  }

  #mayFail(key: string): void {
    if (this.#failure?.key.test(key)) throw this.#failure.error;
  }
}

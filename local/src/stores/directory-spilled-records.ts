import type { SessionStore } from '@omnicloud/agent-container';
import type { SpilledRecords } from '@omnicloud/sdk-client';

/** Large records of the ledger among the objects of the embedded session store. The errors are the store's. */
export class DirectorySpilledRecords implements SpilledRecords {
  readonly #objects: Pick<SessionStore, 'put' | 'get' | 'delete'>;

  constructor(objects: Pick<SessionStore, 'put' | 'get' | 'delete'>) {
    this.#objects = objects;
  }

  async put(key: string, content: Uint8Array): Promise<void> {
    await this.#objects.put(key, content);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return (await this.#objects.get(key))?.body;
  }

  delete(key: string): Promise<void> {
    return this.#objects.delete(key);
  }
}

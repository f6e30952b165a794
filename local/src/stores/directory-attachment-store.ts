import type { SessionStore } from '@omnicloud/agent-container';
import { type AttachmentStore, AttachmentStoreError } from '@omnicloud/sdk-client';

/** Attachments among the objects of the embedded session store, where the agent server looks for them. */
export class DirectoryAttachmentStore implements AttachmentStore {
  readonly #objects: Pick<SessionStore, 'put'>;

  constructor(objects: Pick<SessionStore, 'put'>) {
    this.#objects = objects;
  }

  async put(key: string, content: Uint8Array): Promise<void> {
    try {
      await this.#objects.put(key, content);
    } catch (cause) {
      throw new AttachmentStoreError({ cause });
    }
  }
}

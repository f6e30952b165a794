import { randomUUID } from 'node:crypto';
import { attachmentObjectKey } from '@omnicloud/storage';
import { describe, expect, it } from 'vitest';
import { type AttachmentStore, AttachmentStoreError } from './attachment-store.ts';

interface OpenStore {
  readonly store: AttachmentStore;
  /** What the agent server finds there. */
  readonly read: (key: string) => Promise<Uint8Array | undefined>;
  /** The same store, which cannot be reached. */
  readonly broken: AttachmentStore;
}

/** What every adapter of `AttachmentStore` promises. */
export function describeAttachmentStore(name: string, open: () => Promise<OpenStore>): void {
  describe(`${name} keeps the promises of an attachment store`, () => {
    it('puts a file where the agent server finds it, byte for byte, and replaces it as a whole', async () => {
      const { store, read } = await open();
      const key = attachmentObjectKey(`-100${Date.now()}:7`, '42-0');
      const large = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
      for (const content of [large, new Uint8Array(), new Uint8Array([7])]) {
        await store.put(key, content);
        const found = await read(key);
        expect(found && Buffer.from(found).equals(Buffer.from(content))).toBe(true);
      }
    });

    it('keeps the files of different conversations apart', async () => {
      const { store, read } = await open();
      const id = randomUUID().replaceAll(/\D/g, '').slice(0, 12);
      const [one, other] = ['1:7', '1:70'].map((conversation) =>
        attachmentObjectKey(conversation, `${id}-0`),
      );
      await store.put(one ?? '', new Uint8Array([1]));
      expect(await read(other ?? '')).toBeUndefined();
    });

    it('says so when it cannot be reached, with the cause', async () => {
      const { broken } = await open();
      const error: unknown = await broken
        .put('inbox/1_0/1-0', new Uint8Array([1]))
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(AttachmentStoreError);
      expect(error).toMatchObject({ retryable: true, cause: expect.any(Error) as Error });
    });
  });
}

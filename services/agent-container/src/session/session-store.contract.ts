import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SessionStore } from './session-store.ts';

interface OpenStore {
  store: SessionStore;
  /** The same store seen by another process. */
  reopen(): SessionStore;
  close(): Promise<void>;
}

/** What every adapter of `SessionStore` promises. */
export function describeSessionStore(name: string, openStore: () => Promise<OpenStore>): void {
  describe(`${name} keeps the promises of a session store`, () => {
    let open: OpenStore;
    const key = (): string => `sessions/${randomUUID()}/conversation.jsonl`;
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

    beforeEach(async () => {
      open = await openStore();
    });
    afterEach(async () => {
      await open.close();
    });

    it('answers undefined for an object that was never put', async () => {
      expect(await open.store.get(key())).toBeUndefined();
    });

    it('gives back the very bytes, also to another process', async () => {
      const at = key();
      const body = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
      await open.store.put(at, body);
      expect(Buffer.from((await open.reopen().get(at)) ?? []).equals(Buffer.from(body))).toBe(true);
    });

    it('keeps an empty object apart from none', async () => {
      const at = key();
      await open.store.put(at, bytes(''));
      expect((await open.store.get(at))?.byteLength).toBe(0);
    });

    it('replaces an object as a whole', async () => {
      const at = key();
      await open.store.put(at, bytes('a longer first version'));
      await open.store.put(at, bytes('second'));
      expect(new TextDecoder().decode(await open.store.get(at))).toBe('second');
    });

    it('shows a reader one whole version while writers race', async () => {
      const at = key();
      const versions = Array.from({ length: 12 }, (_, index) =>
        bytes(String(index % 10).repeat(50_000 + index)),
      );
      await open.store.put(at, versions[0] ?? bytes(''));
      const reads: Promise<Uint8Array | undefined>[] = [];
      await Promise.all(
        versions.map(async (version) => {
          reads.push(open.store.get(at));
          await open.store.put(at, version);
          reads.push(open.reopen().get(at));
        }),
      );
      const seen = new Set((await Promise.all(reads)).map((read) => new Set(read ?? []).size));
      expect([...seen]).toEqual([1]);
    });

    it('keeps objects of different sessions apart', async () => {
      const [one, other] = [key(), key()];
      await open.store.put(one, bytes('one'));
      expect(await open.store.get(other)).toBeUndefined();
    });
  });
}

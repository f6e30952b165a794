import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SpilledRecords } from './spilled-records.ts';

/** What every adapter of `SpilledRecords` promises. */
export function describeSpilledRecords(
  name: string,
  open: () => Promise<{ records: SpilledRecords; broken: SpilledRecords }>,
): void {
  describe(`${name} keeps the promises of a store of large records`, () => {
    it('gives back what was put last, byte for byte, and nothing else', async () => {
      const { records } = await open();
      const [key, other] = [`turns/1/1-${randomUUID()}.json.gz`, `turns/1/2-${randomUUID()}.json.gz`];
      expect(await records.get(key)).toBeUndefined();
      for (const content of [Buffer.alloc(3_000_000, 'a record '), Buffer.from('small')]) {
        await records.put(key, content);
        expect(Buffer.from((await records.get(key)) ?? []).equals(content)).toBe(true);
      }
      expect(await records.get(other)).toBeUndefined();
    });

    it('removes one, and minds none that is not there', async () => {
      const { records } = await open();
      const key = `turns/2/1-${randomUUID()}.json.gz`;
      await records.put(key, Buffer.from('a record'));
      await records.delete(key);
      await records.delete(key);
      expect(await records.get(key)).toBeUndefined();
    });

    it('fails when it cannot be reached, and calls nothing missing then', async () => {
      const { broken } = await open();
      await expect(broken.get('turns/3/1-one.json.gz')).rejects.toThrow();
      await expect(broken.put('turns/3/1-one.json.gz', Buffer.from('a record'))).rejects.toThrow();
    });
  });
}

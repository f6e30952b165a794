import type { SpilledRecords } from './spilled-records.ts';

/** Large records in memory, as a bucket holds them. */
export class RememberedRecords implements SpilledRecords {
  readonly objects = new Map<string, Uint8Array>();

  put(key: string, content: Uint8Array): Promise<void> {
    this.objects.set(key, content);
    return Promise.resolve();
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.objects.get(key));
  }

  delete(key: string): Promise<void> {
    this.objects.delete(key);
    return Promise.resolve();
  }
}

import type { SessionStore } from '@omnicloud/agent-container';

interface Traffic {
  puts: number;
  sentBytes: number;
  gets: number;
  receivedBytes: number;
}

/** Passes everything on to a store and counts what goes to and fro. */
export interface CountingStore extends SessionStore {
  /** @returns what went since it was last asked. */
  take(): Traffic;
}

export function countingStore(store: SessionStore): CountingStore {
  const none = (): Traffic => ({ puts: 0, sentBytes: 0, gets: 0, receivedBytes: 0 });
  let traffic = none();
  return {
    async get(key) {
      const object = await store.get(key);
      traffic.gets += 1;
      traffic.receivedBytes += object?.body.byteLength ?? 0;
      return object;
    },
    async open(key) {
      const object = await store.open(key);
      traffic.gets += 1;
      traffic.receivedBytes += object?.bytes ?? 0;
      return object;
    },
    copy: (from, to) => store.copy(from, to),
    async put(key, body, expected) {
      traffic.puts += 1;
      traffic.sentBytes += body.byteLength;
      return store.put(key, body, expected);
    },
    list: (prefix) => store.list(prefix),
    renew: (key) => store.renew(key),
    delete: (key) => store.delete(key),
    take() {
      const taken = traffic;
      traffic = none();
      return taken;
    },
  };
}

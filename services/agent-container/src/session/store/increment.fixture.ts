import { ConditionFailedError } from './condition-failed-error.ts';
import type { SessionStore } from './session-store.ts';

/** Adds one to the number that is stored there as text, and tries again for as long as others are faster. */
export async function increment(store: SessionStore, key: string): Promise<void> {
  for (;;) {
    const found = await store.get(key);
    if (!found) throw new Error(`There is no ${key}`);
    const next = String(Number(new TextDecoder().decode(found.body)) + 1);
    try {
      await store.put(key, new TextEncoder().encode(next), { version: found.version });
      return;
    } catch (error) {
      if (!(error instanceof ConditionFailedError)) throw error;
    }
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { AgentError } from '../../errors.ts';
import { versionIfHolding } from './read-object.ts';
import type { Expectation, SessionStore } from './session-store.ts';

/** Waits before the second, third … try, in ms; together longer than a throttled S3 prefix needs to recover, shorter than a user's patience. */
const PUT_RETRY_DELAYS_MS: readonly number[] = [200, 800, 3_000];

/**
 * Writes an object, again and again when the store fails.
 * @param delaysMs one wait per further try; up to half of each is added at random.
 * @throws AgentError `store_unavailable` when all tries failed, `lease_lost` when somebody else wrote the object.
 */
export async function putPersistently(
  store: SessionStore,
  key: string,
  body: Uint8Array,
  expected?: Expectation,
  delaysMs: readonly number[] = PUT_RETRY_DELAYS_MS,
): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await store.put(key, body, expected);
      return;
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      // A try whose answer was lost may have landed: then the object is no longer what was expected, but it is ours.
      if (
        error.code === 'lease_lost' &&
        tries > 0 &&
        (await versionIfHolding(store, key, body)) !== undefined
      )
        return;
      const delayMs = delaysMs[tries];
      if (error.code !== 'store_unavailable' || delayMs === undefined) throw error;
      await delay(delayMs * (1 + Math.random() / 2));
    }
  }
}

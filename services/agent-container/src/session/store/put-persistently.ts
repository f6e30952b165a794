import { setTimeout as delay } from 'node:timers/promises';
import { AgentError } from '../../errors.ts';
import { ConditionFailedError } from './condition-failed-error.ts';
import { versionIfHolding } from './read-object.ts';
import type { Expectation, SessionStore } from './session-store.ts';

/** Waits before the second, third … try, in ms; together longer than a throttled S3 prefix needs to recover, shorter than a user's patience. */
const PUT_RETRY_DELAYS_MS: readonly number[] = [200, 800, 3_000];

/** One object to be written. */
export interface Write {
  readonly key: string;
  readonly body: Uint8Array;
  /** Unless given, the object is replaced whatever it is. */
  readonly expected?: Expectation | undefined;
  /** One wait per further try, in ms; up to half of each is added at random. 0.2, 0.8 and 3 s unless given. */
  readonly delaysMs?: readonly number[] | undefined;
}

/**
 * Writes an object, again and again when the store fails.
 * @throws AgentError `store_unavailable` when all tries failed.
 * @throws ConditionFailedError when somebody else wrote the object.
 */
export async function putPersistently(
  store: SessionStore,
  { key, body, expected, delaysMs = PUT_RETRY_DELAYS_MS }: Write,
): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await store.put(key, body, expected);
      return;
    } catch (error) {
      // A try whose answer was lost may have landed: then the object is no longer what was expected, but it is ours.
      const mayBeOurs = error instanceof ConditionFailedError && tries > 0;
      if (mayBeOurs && (await versionIfHolding(store, key, body)) !== undefined) return;
      const delayMs = delaysMs[tries];
      const isAway = error instanceof AgentError && error.code === 'store_unavailable';
      if (!isAway || delayMs === undefined) throw error;
      await delay(delayMs * (1 + Math.random() / 2));
    }
  }
}

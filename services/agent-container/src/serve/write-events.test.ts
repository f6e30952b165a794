import { decodeEvents, type RunEvent } from '@omnicloud/protocol';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { eventStream } from './write-events.ts';

const HEARTBEAT_MS = 1_000;
const FAILED: RunEvent = { type: 'failed', error: { code: 'internal', message: 'Oh', retryable: true } };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('Nothing follows the terminal event, however long the run’s last steps take', async () => {
  const ending = Promise.withResolvers<undefined>();
  async function* run(): AsyncGenerator<RunEvent, void, undefined> {
    try {
      yield FAILED;
    } finally {
      await ending.promise;
    }
  }
  const events = decodeEvents(eventStream(run(), () => undefined, HEARTBEAT_MS));
  expect(await events.next()).toEqual({ done: false, value: FAILED });
  const end = events.next();
  await vi.advanceTimersByTimeAsync(10 * HEARTBEAT_MS);
  ending.resolve(undefined);
  expect(await end).toEqual({ done: true, value: undefined });
});

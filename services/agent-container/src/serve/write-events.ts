import { encodeEvent, HEARTBEAT_INTERVAL_MS, isTerminal, type RunEvent } from '@omnicloud/protocol';

/**
 * @param events ends with a terminal event; nothing follows it, however long the end of the generator takes.
 * @param onGone called when the reader goes away; the events are then read to their end all the same.
 * @param heartbeatMs the longest silence, in ms.
 * @returns the events as NDJSON. The reader sets the pace; one that goes away ends the run through `onGone`.
 */
export function eventStream(
  events: AsyncGenerator<RunEvent, void, undefined>,
  onGone: () => void,
  heartbeatMs: number = HEARTBEAT_INTERVAL_MS,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next: Promise<IteratorResult<RunEvent, void>> | undefined;
  let isOver = false;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      next ??= events.next();
      const result = await (isOver ? next : orSilence(next, heartbeatMs));
      if (result === 'silence') {
        controller.enqueue(encoder.encode(encodeEvent({ type: 'heartbeat' })));
        return;
      }
      next = undefined;
      if (result.done) {
        controller.close();
        return;
      }
      isOver = isTerminal(result.value);
      controller.enqueue(encoder.encode(encodeEvent(result.value)));
    },
    async cancel() {
      onGone();
      // The interrupted run still has its process to end before the session is free again.
      await drain(events, next);
    },
  });
}

async function orSilence<T>(promise: Promise<T>, ms: number): Promise<T | 'silence'> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<'silence'>((resolve) => {
    timer = setTimeout(resolve, ms, 'silence');
  });
  try {
    return await Promise.race([promise, silence]);
  } finally {
    clearTimeout(timer);
  }
}

async function drain(
  events: AsyncGenerator<RunEvent, void, undefined>,
  next: Promise<IteratorResult<RunEvent, void>> | undefined,
): Promise<void> {
  let result = await (next ?? events.next());
  while (!result.done) result = await events.next();
}

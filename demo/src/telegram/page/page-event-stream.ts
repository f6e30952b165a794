import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { PageEventHub } from '../page-event-hub.ts';

/** A silent connection gets a comment this often, so that nothing between takes it for dead. */
const KEEP_ALIVE_INTERVAL_MS = 15_000;

/** Streams every event from now on, until the page goes, falls too far behind, or the hub closes. */
export function streamPageEvents(context: Context, pages: PageEventHub): Response {
  return streamSSE(context, async (stream) => {
    // A write waits for the page to read; meanwhile its events gather in the reader, up to the reader's bound.
    const reader = pages.open();
    stream.onAbort(() => {
      reader.close();
    });
    // Something has to be sent at once for the page to see that it is connected.
    await stream.write(': connected\n\n');
    for (;;) {
      const event = await reader.next(KEEP_ALIVE_INTERVAL_MS);
      if (event === 'closed') return;
      if (event === 'silence') await stream.write(': keep-alive\n\n');
      else await stream.writeSSE({ id: String(event.id), event: event.name, data: event.data });
    }
  });
}

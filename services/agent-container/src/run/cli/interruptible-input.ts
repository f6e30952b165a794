import type { query, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';

/** Longer than an interrupt takes (3–10 ms, a running tool up to 2 s); then the process is ended. */
const INTERRUPT_GRACE_MS = 5_000;

/** One user message on a stream that stays open until the turn is over: an open stream is what makes `interrupt` possible. */
export function oneMessage(text: string): { messages: AsyncIterable<SDKUserMessage>; end: () => void } {
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  async function* messages(): AsyncGenerator<SDKUserMessage, void, undefined> {
    yield { type: 'user', message: { role: 'user', content: text }, parent_tool_use_id: null };
    await ended;
  }
  return { messages: messages(), end: () => resolve(undefined) };
}

/**
 * Ends the session's process. A failure is ignored: callers are timers, where a thrown error would end the server. Nothing is lost by that,
 * because the reader of the run's output learns that the run has ended, and ends its process as well.
 */
export function closeQuietly(session: Pick<ReturnType<typeof query>, 'close'> | undefined): void {
  try {
    session?.close();
  } catch {
    // Nobody would hear of it here.
  }
}

/** `interrupt` keeps the transcript whole; only a process that does not react to it is closed. */
export function stopOnAbort(
  signal: AbortSignal,
  session: ReturnType<typeof query>,
  endInput: () => void,
): () => void {
  let grace: NodeJS.Timeout | undefined;
  const stop = (): void => {
    const close = (): void => closeQuietly(session);
    grace = setTimeout(close, INTERRUPT_GRACE_MS);
    session.interrupt().then(endInput, close);
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return () => {
    clearTimeout(grace);
    signal.removeEventListener('abort', stop);
  };
}

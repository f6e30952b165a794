import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * @returns the response with a body that is produced in the asynchronous context of this call, whoever reads or cancels it and wherever: what is
 *   logged on the way belongs to the request.
 */
export function keepContext(response: Response): Response {
  if (response.body === null) return response;
  const inContext = AsyncLocalStorage.snapshot();
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) =>
        inContext(async () => {
          const { value, done } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        }),
      cancel: (reason) => inContext(() => reader.cancel(reason)),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { status: response.status, headers: response.headers });
}

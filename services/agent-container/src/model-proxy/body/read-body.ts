import type { IncomingMessage } from 'node:http';
import type { JsonTally } from '../limits/json-tally.ts';
import type { Refusal } from '../calls/provider-error.ts';

/**
 * Says how long the body is before anything of it is read.
 * @param maxBytes inclusive
 * @returns a refusal for a body without a length, because that could not be reserved, and for one that is compressed.
 */
export function lengthOfBody({ headers }: IncomingMessage, maxBytes: number): number | Refusal {
  const { 'content-length': length, 'content-encoding': encoding = 'identity' } = headers;
  if (encoding.toLowerCase() !== 'identity')
    return { refusal: 'malformed', message: 'The request is compressed' };
  if (length === undefined)
    return { refusal: 'malformed', message: 'The request does not say how long it is' };
  const bytes = Number(length);
  if (!(bytes <= maxBytes)) return { refusal: 'too_large', message: 'The request is too large' };
  return bytes;
}

/**
 * Reads a body of known length, counting on the way what a parser would have to build for it. Reading stops where a limit is passed,
 * and at the deadline; the rest is then left unread.
 * @returns the bytes, which are the only ones in their ArrayBuffer.
 * @throws Error when the sender goes away.
 */
export async function readBody(
  request: IncomingMessage,
  { length, tally, deadlineMs }: { length: number; tally: JsonTally; deadlineMs: number },
): Promise<Uint8Array<ArrayBuffer> | Refusal> {
  const body = new Uint8Array(length);
  let at = 0;
  const { promise, resolve, reject } = Promise.withResolvers<typeof body | Refusal>();
  const stop = (refusal: Refusal): void => {
    request.pause();
    resolve(refusal);
  };
  const late = setTimeout(
    () => stop({ refusal: 'too_slow', message: 'The request did not arrive in time' }),
    deadlineMs,
  );
  const onData = (chunk: Buffer): void => {
    const problem = tally.add(chunk);
    if (problem !== undefined) {
      request.off('data', onData);
      stop({ refusal: 'malformed', message: problem });
      return;
    }
    // Each chunk is copied at once: many small ones would otherwise weigh far more than their bytes.
    body.set(chunk, at);
    at += chunk.length;
  };
  request.on('data', onData);
  request.once('end', () => {
    const problem = tally.end();
    resolve(problem === undefined ? body : { refusal: 'malformed', message: problem });
  });
  request.once('error', reject);
  request.once('close', () => reject(new Error('The request was cut off')));
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    request.off('data', onData);
  }
}

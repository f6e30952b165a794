import type { IncomingMessage } from 'node:http';

/** Bedrock itself stops at 25 MB, Anthropic at 32 MB. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/**
 * A signature covers the body's hash, so the request is held whole; the response never is.
 * @returns nothing when it is longer than `maxBytes`; the rest is then left unread.
 * @throws Node's own error when the sender goes away.
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number = MAX_BODY_BYTES,
): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      request.pause();
      resolve(undefined);
      return;
    }
    chunks.push(chunk);
  });
  request.once('end', () => resolve(Buffer.concat(chunks)));
  request.once('error', reject);
  request.once('close', () => reject(new Error('The request was cut off')));
  return promise;
}

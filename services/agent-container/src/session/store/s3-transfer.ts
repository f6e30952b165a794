// what the AWS SDK does with a whole body at once, done piece by piece
import type { Readable } from 'node:stream';
import type { PutObjectCommandInput, PutObjectCommandOutput } from '@aws-sdk/client-s3';
import type { BuildMiddleware } from '@smithy/types';
import { unreadable } from './read-object.ts';

/** The client would digest the whole body at once to sign it, and nobody else were served while it does. */
export function signedAs(digest: Buffer): BuildMiddleware<PutObjectCommandInput, PutObjectCommandOutput> {
  return (next) => (call) => {
    const { headers } = call.request as { headers: Record<string, string> };
    headers['x-amz-content-sha256'] = digest.toString('hex');
    return next(call);
  };
}

/** The client's own watch over a call ends with the headers: from then on, each piece has its time. */
export async function* piecesOf(
  body: Readable,
  limitMs: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const silent = (): void => void body.destroy(new Error(`S3 was silent for ${limitMs} ms`));
  let timer = setTimeout(silent, limitMs);
  try {
    for await (const piece of body) {
      clearTimeout(timer);
      yield piece as Buffer;
      timer = setTimeout(silent, limitMs);
    }
  } catch (error) {
    throw unreadable(error);
  } finally {
    clearTimeout(timer);
  }
}

// an object of the store, piece by piece → in memory, as far as a limit allows | its digest | is it what we wrote?
import { createHash } from 'node:crypto';
import { AgentError } from '../../errors.ts';
import type { OpenObject, SessionStore, StoredObject } from './session-store.ts';

/**
 * Reads an object that may be of any size.
 * @param limitBytes no more is held in memory.
 * @returns the object; undefined when there is none; `too_large` when it is larger, and then nothing of it was read.
 * @throws AgentError `store_unavailable`
 */
export async function readUpTo(
  store: Pick<SessionStore, 'open'>,
  key: string,
  limitBytes: number,
): Promise<StoredObject | 'too_large' | undefined> {
  await using object = await store.open(key);
  if (object === undefined) return undefined;
  return object.bytes > limitBytes ? 'too_large' : await gather(object);
}

/** @returns the whole object. @throws RangeError when it has more bytes than were announced; AgentError `store_unavailable`. */
export async function gather(object: OpenObject): Promise<StoredObject> {
  // In pieces, it would be in memory twice when it is put together.
  const body = Buffer.allocUnsafeSlow(object.bytes);
  let at = 0;
  for await (const piece of object.body) {
    if (at + piece.byteLength > body.byteLength)
      throw new RangeError(`An object has more than the ${body.byteLength} bytes that were announced`);
    body.set(piece, at);
    at += piece.byteLength;
  }
  return { body: body.subarray(0, at), version: object.version() };
}

/**
 * @returns the SHA-256 of an object's content in hex, and its version; undefined when there is no object.
 * @throws AgentError `store_unavailable`
 */
export async function digestOfObject(
  store: Pick<SessionStore, 'open'>,
  key: string,
): Promise<{ sha256: string; version: string } | undefined> {
  await using object = await store.open(key);
  if (object === undefined) return undefined;
  const hash = createHash('sha256');
  for await (const piece of object.body) hash.update(piece);
  return { sha256: hash.digest('hex'), version: object.version() };
}

/**
 * @returns the version of an object when it is these very bytes, undefined otherwise.
 * @throws AgentError `store_unavailable`
 */
export async function versionIfHolding(
  store: Pick<SessionStore, 'open'>,
  key: string,
  body: Uint8Array,
): Promise<string | undefined> {
  await using object = await store.open(key);
  if (object?.bytes !== body.byteLength) return undefined;
  let at = 0;
  for await (const piece of object.body) {
    if (Buffer.compare(piece, body.subarray(at, at + piece.byteLength)) !== 0) return undefined;
    at += piece.byteLength;
  }
  return object.version();
}

/** @returns what is thrown when an object cannot be read. */
export function unreadable(cause: unknown): AgentError {
  return new AgentError('store_unavailable', 'The session store could not be read', { cause });
}

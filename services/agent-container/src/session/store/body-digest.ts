import { createHash } from 'node:crypto';
import { inSlices } from './in-slices.ts';

/** What is digested before others may have their turn. */
const STEP_BYTES = 4 * 1024 * 1024;

/** @returns the SHA-256 of a body as bytes. A transcript of 128 MB takes up to a second, so others have their turn in between. */
export function bodyDigest(body: Uint8Array): Promise<Buffer> {
  return inSlices(digestSteps(body));
}

function* digestSteps(body: Uint8Array): Generator<undefined, Buffer, undefined> {
  const hash = createHash('sha256');
  for (let at = 0; at < body.byteLength; at += STEP_BYTES) {
    hash.update(body.subarray(at, at + STEP_BYTES));
    yield;
  }
  return hash.digest();
}

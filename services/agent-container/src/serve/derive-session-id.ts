import { createHmac } from 'node:crypto';

/** What else the secret may ever be the key of must not yield the same digests. */
const PURPOSE = 'session of a create request';

/**
 * @param secret the store's own key (`sessionIdKey`); it keeps others from guessing the ids: whoever knows one may go on with the session.
 * @param sessionKey `chat_id:thread_id`
 * @returns the session of a create request, the same for every try of it: a UUID of version 8, whose content is free
 *   (RFC 9562, section 5.8), here the HMAC-SHA256 of the conversation and the key.
 */
export function deriveSessionId(secret: string, sessionKey: string, idempotencyKey: string): string {
  // A JSON array, so that no two pairs read the same.
  const digest = createHmac('sha256', secret).update(JSON.stringify([PURPOSE, sessionKey, idempotencyKey]));
  const bytes = digest.digest().subarray(0, 16);
  // The version in the upper half of octet 6, the variant 0b10 on top of octet 8 (RFC 9562, sections 4.1 and 4.2).
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

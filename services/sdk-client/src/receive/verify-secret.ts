import { createHash, timingSafeEqual } from 'node:crypto';

/** Telegram sends the `secret_token` of setWebhook in this header of every update. */
export const SECRET_HEADER = 'x-telegram-bot-api-secret-token';

/**
 * @param expected an empty one matches nothing: a webhook without a secret takes updates from nobody.
 * @returns whether the header holds the secret; takes the same time whatever it holds.
 */
export function isSecret(shown: string | undefined, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(shown ?? ''), digest(expected)) && expected !== '';
}

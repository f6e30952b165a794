// where this server is reached → setWebhook → Telegram posts each update there, with the secret
import type { Api } from 'grammy/web';
import { toTelegramError } from './telegram-chat.ts';
import { ALLOWED_UPDATES } from '../receive/allowed-updates.ts';

/** What Telegram does by itself; the webhook answers within milliseconds, so more are not needed. */
const MAX_CONNECTIONS = 40;

/**
 * What waits at Telegram stays there and is delivered to the address. When all of it is set already, Telegram changes nothing.
 * https://core.telegram.org/bots/api#setwebhook
 * @throws TelegramError `telegram_refused` when Telegram does not take the address.
 */
export async function registerWebhook(
  api: Api,
  { url, secret }: { readonly url: string; readonly secret: string },
): Promise<void> {
  try {
    await api.setWebhook(url, {
      secret_token: secret,
      allowed_updates: ALLOWED_UPDATES,
      max_connections: MAX_CONNECTIONS,
      drop_pending_updates: false,
    });
  } catch (error) {
    throw toTelegramError(error);
  }
}

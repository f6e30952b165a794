// bot token → who are we? → command menu → updates by long polling (or by the webhook route)
import { setTimeout as delay } from 'node:timers/promises';
import {
  commandMenu,
  fetchFromBotApi,
  type Intake,
  pollUpdates,
  registerWebhook,
  TelegramError,
  type TelegramFiles,
  telegramFiles,
  toTelegramError,
} from '@omnicloud/sdk-client';
import { ConfigError } from '@omnicloud/settings';
import { Api, GrammyError } from 'grammy/web';
import type { Log } from './log.ts';

/** Longer than a long poll (30 s) takes. */
const TIMEOUT_SECONDS = 60;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * @param headers of every call, for a server that wants more than the token.
 * @returns the Bot API, and what users sent there.
 */
export function telegramApi(
  botToken: string,
  apiRoot: string,
  headers: Readonly<Record<string, string>> = {},
): { api: Api; files: TelegramFiles } {
  // grammY and the download give theirs as a plain object.
  const withHeaders = (init: RequestInit = {}): RequestInit => ({
    ...init,
    headers: { ...(init.headers as Record<string, string> | undefined), ...headers },
  });
  const api = new Api(botToken, {
    apiRoot,
    timeoutSeconds: TIMEOUT_SECONDS,
    fetch: (url: string, init?: RequestInit) => fetchFromBotApi(url, withHeaders(init)),
  });
  const urlOf = (path: string): string => `${apiRoot}/file/bot${botToken}/${path}`;
  return { api, files: telegramFiles(api, urlOf, (url, init) => fetch(url, withHeaders(init))) };
}

/**
 * Asks Telegram who the bot is.
 * @returns its username, undefined when Telegram cannot tell at the moment.
 * @throws ConfigError when the token is refused.
 */
export async function identifyBot(api: Api, log: Log): Promise<string | undefined> {
  try {
    return (await api.getMe()).username;
  } catch (error) {
    if (error instanceof GrammyError && error.error_code === 401) {
      throw new ConfigError(['TELEGRAM_BOT_TOKEN is refused by Telegram (401)']);
    }
    log.error('Telegram could not say who the bot is; going on without its name', toTelegramError(error));
    return undefined;
  }
}

/** The menu behind the "/" button. Nice to have: a failure is only reported. */
export async function announceCommands(api: Api, log: Log): Promise<void> {
  try {
    await api.setMyCommands(commandMenu('en'));
    await api.setMyCommands(commandMenu('zh'), { language_code: 'zh' });
  } catch (error) {
    log.error('The command menu could not be set', toTelegramError(error));
  }
}

/** Takes updates until the signal aborts. A webhook that is still set would make every poll fail, so it is removed. */
export async function poll(
  api: Api,
  { intake, log, signal }: { readonly intake: Intake; readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  try {
    await api.deleteWebhook();
  } catch (error) {
    log.error('An earlier webhook could not be removed', toTelegramError(error));
  }
  await pollUpdates(api, intake, { signal });
}

/**
 * Tells Telegram where this server is reached, if that is known. Telegram may be away at the moment; what waits there is delivered later.
 * @returns what goes on trying until the signal aborts; nothing is left to do when Telegram has taken it.
 * @throws ConfigError when Telegram refuses the address.
 */
export async function registerAtTelegram(
  api: Api,
  { url, secret }: { readonly url?: string; readonly secret: string },
  log: Log,
): Promise<(signal: AbortSignal) => Promise<void>> {
  if (url === undefined) return () => Promise.resolve();
  const attempt = async (): Promise<TelegramError | undefined> => {
    try {
      await registerWebhook(api, { url, secret });
      log.info(`Telegram sends updates to ${url}`);
      return undefined;
    } catch (error) {
      if (!(error instanceof TelegramError)) throw error;
      return error;
    }
  };
  const first = await attempt();
  if (first?.retryable === false)
    throw new ConfigError([`TELEGRAM_WEBHOOK_URL is refused by Telegram: ${first.message}`]);
  return async (signal) => {
    let pauseMs = FIRST_PAUSE_MS;
    for (let error = first; error !== undefined && !signal.aborted; error = await attempt()) {
      log.error('The webhook could not be registered; it is tried again', error);
      await delay(error.retryAfterMs ?? pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  };
}

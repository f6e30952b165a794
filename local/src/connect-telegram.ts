// bot token → who are we? → command menu → updates by long polling (or by the webhook route)
import {
  type ClientConfig,
  commandMenu,
  fetchFromBotApi,
  type Intake,
  pollUpdates,
  type TelegramFiles,
  telegramFiles,
  toTelegramError,
} from '@omnicloud/sdk-client';
import { ConfigError } from '@omnicloud/settings';
import { Api, GrammyError } from 'grammy/web';
import type { Log } from './log.ts';

/** Longer than a long poll (30 s) takes. */
const TIMEOUT_SECONDS = 60;

/** @returns the Bot API, and what users sent there. */
export function telegramApi(botToken: string, apiRoot: string): { api: Api; files: TelegramFiles } {
  const api = new Api(botToken, { apiRoot, timeoutSeconds: TIMEOUT_SECONDS, fetch: fetchFromBotApi });
  return { api, files: telegramFiles(api, (path) => `${apiRoot}/file/bot${botToken}/${path}`) };
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
  config: ClientConfig,
  intake: Intake,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  if (config.updates.kind !== 'polling') return;
  try {
    await api.deleteWebhook();
  } catch (error) {
    log.error('An earlier webhook could not be removed', toTelegramError(error));
  }
  await pollUpdates(api, intake, signal);
}

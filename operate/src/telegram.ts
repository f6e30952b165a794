// bot token → who the bot is → its webhook, its command menu, its first words
import { ALLOWED_UPDATES, commandMenu, fetchFromBotApi } from '@omnicloud/sdk-client';
import { Api, GrammyError } from 'grammy/web';
import type { UserFromGetMe, WebhookInfo } from 'grammy/types';
import { OperateError } from './operate-error.ts';

const TIMEOUT_SECONDS = 20;
/** What Telegram does by itself; the webhook answers in milliseconds, so more at a time would never be needed. */
const MAX_CONNECTIONS = 40;
const LANGUAGES = [undefined, 'zh'] as const;
const UNAUTHORIZED = 401;
const NOT_FOUND = 404;

const NEW_TOKEN = 'Ask @BotFather for the token (/mybots → API Token) and set TELEGRAM_BOT_TOKEN.';

const CURES: Readonly<Record<string, string>> = {
  setWebhook: 'An address that is new may take a minute until Telegram finds it: run this again.',
};

export function telegramApi(token: string, apiRoot: string): Api {
  return new Api(token, { apiRoot, timeoutSeconds: TIMEOUT_SECONDS, fetch: fetchFromBotApi });
}

/** @returns what the call gave. @throws OperateError `bot_unknown`, or `telegram_refused` with Telegram's own words; the token is never among them. */
async function ask<T>(method: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof GrammyError)) {
      const network = 'Check the way to Telegram (a proxy, a firewall, TELEGRAM_API_ROOT) and try again.';
      throw new OperateError('telegram_refused', `Telegram did not answer ${method}`, {
        cure: network,
        cause: error,
      });
    }
    const isTokenRefused = error.error_code === UNAUTHORIZED || error.error_code === NOT_FOUND;
    throw new OperateError(
      isTokenRefused ? 'bot_unknown' : 'telegram_refused',
      isTokenRefused
        ? 'Telegram does not know the bot token'
        : `Telegram refused ${method}: ${error.description}`,
      { cure: isTokenRefused ? NEW_TOKEN : CURES[method], cause: error },
    );
  }
}

export function whoIsBot(api: Api): Promise<UserFromGetMe> {
  return ask('getMe', api.getMe());
}

/** @returns whether there is a bot with this token. @throws OperateError `telegram_refused` when Telegram does not say */
export async function isBotKnown(api: Api): Promise<boolean> {
  try {
    await whoIsBot(api);
    return true;
  } catch (error) {
    if (error instanceof OperateError && error.code === 'bot_unknown') return false;
    throw error;
  }
}

export function webhookInfo(api: Api): Promise<WebhookInfo> {
  return ask('getWebhookInfo', api.getWebhookInfo());
}

/**
 * What waits at Telegram stays there and is delivered to the new address. Telegram does nothing when all of it is set already.
 * @returns what it was set to before; empty when it was not set.
 * @throws OperateError `telegram_refused`, also when Telegram says it is set and then names another one
 */
export async function setWebhook(api: Api, url: string, secret: string): Promise<string> {
  const before = await webhookInfo(api);
  await ask(
    'setWebhook',
    api.setWebhook(url, {
      secret_token: secret,
      allowed_updates: ALLOWED_UPDATES,
      max_connections: MAX_CONNECTIONS,
      drop_pending_updates: false,
    }),
  );
  const after = await webhookInfo(api);
  if (after.url !== url) {
    const another = 'Somebody else may have set it at the same moment: is the same bot run elsewhere?';
    throw new OperateError('telegram_refused', `The webhook is now "${after.url ?? ''}"`, { cure: another });
  }
  return before.url ?? '';
}

/** Leaves the webhook alone when it is somebody else's. @returns the one that is left; empty when there is none. */
export async function removeWebhook(api: Api, url: string): Promise<string> {
  const { url: set = '' } = await webhookInfo(api);
  if (set !== url) return set;
  await ask('deleteWebhook', api.deleteWebhook({ drop_pending_updates: false }));
  return '';
}

/** @returns whether the menu was another one before. */
export async function setCommandMenus(api: Api): Promise<boolean> {
  let isChanged = false;
  for (const language of LANGUAGES) {
    const menu = commandMenu(language ?? 'en');
    const scope = language === undefined ? {} : { language_code: language };
    const current = await ask('getMyCommands', api.getMyCommands(scope));
    const isSame =
      current.length === menu.length &&
      menu.every(({ command, description }, index) => {
        const there = current[index];
        return there?.command === command && there.description === description;
      });
    if (isSame) continue;
    await ask('setMyCommands', api.setMyCommands(menu, scope));
    isChanged = true;
  }
  return isChanged;
}

export async function removeCommandMenus(api: Api): Promise<void> {
  for (const language of LANGUAGES) {
    const scope = language === undefined ? {} : { language_code: language };
    await ask('deleteMyCommands', api.deleteMyCommands(scope));
  }
}

const FIRST_WORDS =
  'Your agent is up. Write to it here; /help says what it can do.\n你的智能体已就绪。直接在这里发消息即可；/help 查看用法。';

/** @returns whether it arrived: a bot cannot write to somebody who never pressed Start. @throws OperateError `telegram_refused` */
export async function sendFirstWords(api: Api, userId: string): Promise<boolean> {
  try {
    await api.sendMessage(Number(userId), FIRST_WORDS);
    return true;
  } catch (error) {
    const isNobodyThere =
      error instanceof GrammyError && (error.error_code === 400 || error.error_code === 403);
    if (isNobodyThere) return false;
    return ask('sendMessage', Promise.reject(error instanceof Error ? error : new Error(String(error))));
  }
}

import type { Secrets } from '@omnicloud/secrets';
import { Api } from 'grammy/web';
import { fetchFromBotApi } from './bot-api-fetch.ts';
import { type TelegramFiles, telegramFiles } from './telegram-files.ts';

/** A call to Telegram that takes longer is given up; the longest of ours, a send, takes about one. In seconds. */
const TIMEOUT_SECONDS = 30;

/** 401 for a token that is revoked, 404 for one that never was; no method that is called here is missing. */
const REFUSALS_OF_TOKEN: ReadonlySet<number> = new Set([401, 404]);

interface TelegramAccess {
  readonly secrets: Secrets;
  /** The name of the secret that holds the bot's token. */
  readonly tokenName: string;
  /** The Bot API server, without a trailing slash. */
  readonly apiRoot: string;
}

/**
 * @returns the Bot API and the users' files by a token that may be replaced at any time: when Telegram refuses it, it is read anew, once for each call.
 * @throws SecretError when the token cannot be read now.
 */
export async function openTelegramApi({
  secrets,
  tokenName,
  apiRoot,
}: TelegramAccess): Promise<{ api: Api; files: TelegramFiles }> {
  let token = await secrets.get(tokenName);
  const api = new Api(token, {
    apiRoot,
    timeoutSeconds: TIMEOUT_SECONDS,
    fetch: fetchFromBotApi,
    buildUrl: (root, _first, method) => `${root}/bot${token}/${method}`,
  });
  api.config.use(async (call, ...asked) => {
    const used = token;
    const response = await call(...asked);
    if (response.ok || !REFUSALS_OF_TOKEN.has(response.error_code)) return response;
    token = await secrets.refresh(tokenName);
    return token === used ? response : call(...asked);
  });
  // A download follows a call of `getFile`, so its token is one that was taken a moment ago.
  return { api, files: telegramFiles(api, (path) => `${apiRoot}/file/bot${token}/${path}`) };
}

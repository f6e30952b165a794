// the stand-in with its page | the real Telegram by polling or by the webhook route → updates in the queue
import { randomBytes } from 'node:crypto';
import {
  askPassword,
  createPageApp,
  openTelegramStandIn,
  OWN_CALL_HEADER,
  type PageInfo,
  type TelegramStandIn,
} from '@omnicloud/demo';
import { openIntake, openWebhook, type TelegramFiles } from '@omnicloud/sdk-client';
import type { Api } from 'grammy/web';
import type { Hono } from 'hono';
import release from '../../package.json' with { type: 'json' };
import type { LocalConfig } from './config.ts';
import { identifyBot, poll, registerAtTelegram, telegramApi } from './connect-telegram.ts';
import { guardPage } from './guard-page.ts';
import { clientLog, type Log } from './log.ts';
import type { Stores } from './stores/stores.ts';

export interface Telegram {
  readonly api: Api;
  readonly files: TelegramFiles;
  readonly standIn?: TelegramStandIn;
  /** The user id of who runs the bot. */
  readonly ownerId: string;
  /** Which bot it is and how its updates come, for people. */
  readonly about: string;
  /** Takes updates until the signal aborts. */
  receive(signal: AbortSignal): Promise<void>;
}

/**
 * @param model what the page says of the model.
 * @throws ConfigError when Telegram refuses the token or the webhook's address.
 */
export async function addTelegram(
  app: Hono,
  config: LocalConfig,
  { stores, ownUrl, model, log }: { stores: Stores; ownUrl: string; model: PageInfo['model']; log: Log },
): Promise<Telegram> {
  if (config.telegram) return connectTelegram(app, { telegram: config.telegram, stores, log });
  const token = `4200000001:${randomBytes(24).toString('base64url')}`;
  const secret = randomBytes(24).toString('base64url');
  const standIn = openTelegramStandIn({
    directory: config.dataDir,
    token,
    onError: (error) => log.error('Telegram stand-in', error),
  });
  const ownerId = String(standIn.person.id);
  addWebhook(app, {
    stores,
    allowedUsers: new Set([ownerId]),
    botUsername: standIn.bot.username,
    secret: () => secret,
    log: clientLog(log),
  });
  const ownCall = randomBytes(24).toString('base64url');
  const guard = guardPage(config.host);
  app.use('/', guard).use('/app/*', guard).use('/page/*', guard);
  // Everything that is added from here on, whatever its path.
  if (config.pagePassword !== undefined)
    app.use('*', askPassword({ password: config.pagePassword, ownCall }));
  app.route('/', createPageApp({ model, shell: config.run.isShellOn, version: release.version }));
  app.route('/', standIn.app);
  const { api, files } = telegramApi(token, ownUrl, { [OWN_CALL_HEADER]: ownCall });
  return {
    api,
    files,
    standIn,
    ownerId,
    about: 'chat page',
    receive: async () => {
      standIn.start({ url: `${ownUrl}/webhook`, secret });
      return Promise.resolve();
    },
  };
}

async function connectTelegram(
  app: Hono,
  {
    telegram,
    stores,
    log,
  }: { readonly telegram: NonNullable<LocalConfig['telegram']>; readonly stores: Stores; readonly log: Log },
): Promise<Telegram> {
  const { api, files } = telegramApi(telegram.botToken, telegram.apiRoot);
  const username = await identifyBot(api, log);
  const { updates, ownerId } = telegram;
  const bot = username === undefined ? '(name unknown)' : `@${username}`;
  app.get('/', (context) => context.text(`OmniCloud Agent serves the bot ${bot}.\n`));
  const about = `${bot} by ${updates.kind}`;
  const parts = {
    stores,
    allowedUsers: telegram.allowedUsers,
    botUsername: username,
    log: clientLog(log),
  };
  if (updates.kind === 'polling') {
    const intake = openIntake(parts);
    return { api, files, ownerId, about, receive: (signal) => poll(api, { intake, log, signal }) };
  }
  addWebhook(app, { ...parts, secret: () => updates.secret });
  const registering = await registerAtTelegram(api, updates, log);
  return { api, files, ownerId, about, receive: registering };
}

function addWebhook(app: Hono, parts: Parameters<typeof openWebhook>[0]): void {
  const webhook = openWebhook(parts);
  app.post('/webhook', (context) => webhook.fetch(context.req.raw));
}

import type { Message, User, UserFromGetMe } from 'grammy/types';
import { once } from 'node:events';
import { Hono } from 'hono';
import { createBotApiApp } from './calls/bot-api-app.ts';
import type { BotApiCall, BotApiFault } from './calls/bot-api-call.ts';
import type { BotMethods } from './calls/bot-method.ts';
import type { CallPayload } from './calls/call-payload.ts';
import { ChatStore } from './store/chat-store.ts';
import { Conversations, type UserMessage } from './conversations.ts';
import { openDatabase } from './store/database.ts';
import { documentMethods } from './methods/document-methods.ts';
import { fileMethods } from './methods/file-methods.ts';
import { FileStore } from './store/file-store.ts';
import { messageMethods } from './methods/message-methods.ts';
import type { PageState } from './page-api.ts';
import { PageEventHub } from './page-event-hub.ts';
import { createPageRoutes } from './page/page-routes.ts';
import { profileMethods } from './methods/profile-methods.ts';
import { reactionMethods } from './methods/reaction-methods.ts';
import { ReactionStore } from './store/reaction-store.ts';
import { seedOnce } from './seed.ts';
import { PlaceFinder } from './methods/send-place.ts';
import { SettingsStore } from './store/settings-store.ts';
import { updateMethods } from './methods/update-methods.ts';
import { UpdateQueue } from './store/update-queue.ts';
import { UploadStore } from './store/upload-store.ts';
import { WebhookDelivery } from './webhook-delivery.ts';

/** The only calls that a webhook may put into the body of its answer here. */
const WEBHOOK_REPLY_METHODS: ReadonlySet<string> = new Set(['sendMessage', 'sendChatAction']);

export interface TelegramStandInOptions {
  /** Holds `telegram.sqlite`, in which the state outlives the process; made if it is missing. */
  directory: string;
  /** The bot token (`id:secret`); calls with another get 401. */
  token: string;
  /** What `getMe` says besides the defaults; the id comes from the token. */
  botUser?: Partial<UserFromGetMe>;
  /** Told every call that has the right token, before it takes effect; the download of a file is one too. */
  onCall?: (call: BotApiCall) => void;
  /** May let a call fail. */
  intercept?: (call: BotApiCall) => Promise<BotApiFault | undefined> | BotApiFault | undefined;
  /** Told what went wrong without an answer to say so, e.g. a `WebhookDeliveryError`. */
  onError: (error: unknown) => void;
  /** Files beyond these bytes together are forgotten, the oldest first. */
  maxStoredBytes?: number;
  /** Posts the updates. */
  fetch?: typeof fetch;
}

export interface TelegramStandIn {
  /** `/bot<token>/<method>`, `/file/bot<token>/<file_path>` and `/page/*`. */
  app: Hono;
  /** Who writes on the page. */
  readonly person: User;
  readonly bot: UserFromGetMe;
  /** Sets the webhook, if one is given, and begins to deliver what is pending. */
  start(webhook?: { url: string; secret: string }): void;
  /** Ends deliveries, polls and event streams and closes the database. What was not accepted is kept. */
  stop(): Promise<void>;
  /**
   * What the page does when its person sends a message.
   * @returns the message; of several files, the first.
   * @throws BotApiError as the page's route answers.
   */
  sendAsUser(message: UserMessage): Message;
  /** Queues any object as an update; it keeps its own `update_id` if it has one. */
  injectUpdate(update: object): void;
  /** @returns a chat's messages of all topics, oldest first, also those cleared from the page. */
  messages(chatId: number): Message[];
  /** @returns the emoji that the bot shows on a message. */
  reaction(chatId: number, messageId: number): string | undefined;
  /** Resolves once no update is pending. @throws Error when the stand-in stops before. */
  whenIdle(): Promise<void>;
}

/** Opens a Telegram of one's own: the part of the Bot API that the bot uses, and the API of the page to talk to it. */
export function openTelegramStandIn(options: TelegramStandInOptions): TelegramStandIn {
  const { token, onCall, intercept, onError } = options;
  const bot = botUser(token, options.botUser);
  const database = openDatabase(options.directory);
  const settings = new SettingsStore(database);
  const store = new ChatStore(database);
  const reactions = new ReactionStore(database);
  const files = new FileStore(database, options.maxStoredBytes);
  const uploads = new UploadStore(database);
  const updates = new UpdateQueue(database, settings);
  const pages = new PageEventHub();
  const conversations = new Conversations({ store, settings, files, updates, pages, bot });
  seedOnce(settings, store, conversations);

  const stop = new AbortController();
  const reply = async (method: string, payload: CallPayload): Promise<void> => {
    if (!WEBHOOK_REPLY_METHODS.has(method)) throw new Error(`A webhook may not answer with ${method}`);
    onCall?.({ method, payload, at: new Date() });
    await methods[method]?.(payload, stop.signal);
  };
  const delivery = new WebhookDelivery({
    settings,
    updates,
    fetch: options.fetch ?? fetch,
    reply,
    onError,
  });
  const places = new PlaceFinder(conversations, store);
  const messageSender = { id: bot.id, is_bot: true, first_name: bot.first_name, username: bot.username };
  const methods: BotMethods = {
    ...profileMethods({ conversations, settings, bot }),
    ...messageMethods({ conversations, places, store, pages, bot: messageSender }),
    ...documentMethods({ conversations, places, files, bot: messageSender }),
    ...fileMethods(files),
    ...reactionMethods({ conversations, store, reactions, pages }),
    ...updateMethods({ settings, updates, delivery, stopped: stop.signal }),
  };

  const profile = (): Omit<PageState, 'chats'> => {
    const me = conversations.person;
    return { me, bot: messageSender, commands: shownCommands(settings, me.language_code ?? '') };
  };
  const setLanguage = (languageCode: string): void => {
    settings.set('person', { ...conversations.person, language_code: languageCode });
  };
  const app = new Hono();
  app.route('/', createBotApiApp({ token, methods, files, onCall, intercept, onError }));
  app.route(
    '/',
    createPageRoutes({
      conversations,
      store,
      files,
      uploads,
      reactions,
      pages,
      profile,
      setLanguage,
      onError,
    }),
  );

  // Both parts answer their own errors; what is left is a cut connection, which has no answer.
  app.onError((error) => {
    throw error;
  });

  return {
    app,
    person: conversations.person,
    bot,
    start(webhook) {
      if (webhook) settings.set('webhook', webhook);
      delivery.webhookChanged();
      delivery.start();
    },
    async stop() {
      if (stop.signal.aborted) return;
      stop.abort(new Error('The stand-in was stopped'));
      pages.close();
      await delivery.stop();
      database.close();
    },
    sendAsUser: (message) => conversations.sendAsUser(message),
    injectUpdate: (update) => updates.inject(update),
    messages: (chatId) => store.messages(chatId, { withHidden: true }),
    reaction: (chatId, messageId) => reactions.reactions(chatId, [messageId])[0]?.emoji ?? undefined,
    async whenIdle() {
      stop.signal.throwIfAborted();
      while (updates.count() > 0) await once(updates.events, 'taken', { signal: stop.signal });
    },
  };
}

function botUser(token: string, given: Partial<UserFromGetMe> = {}): UserFromGetMe {
  return {
    id: Number.parseInt(token, 10),
    is_bot: true,
    first_name: 'OmniCloud Agent',
    username: 'omnicloud_agent_bot',
    can_join_groups: true,
    can_read_all_group_messages: true,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
    has_topics_enabled: false,
    allows_users_to_create_topics: false,
    can_manage_bots: false,
    supports_join_request_queries: false,
    ...given,
  };
}

/** @returns the list a private chat shows: the first there is, from the narrowest scope and language to the widest. */
function shownCommands(settings: SettingsStore, languageCode: string): PageState['commands'] {
  for (const type of ['all_private_chats', 'default']) {
    for (const language of [languageCode, '']) {
      const commands = settings.commands(JSON.stringify({ type }), language);
      if (commands) return commands;
    }
  }
  return [];
}

// formatted text → Bot API call → message_id, or a TelegramError that says what to do about it
import { type Api, GrammyError, HttpError, InputFile } from 'grammy/web';
import { NetworkError, TelegramError } from '../errors.ts';
import type { FormattedText } from '../markdown/formatted-text.ts';
import { uploadApi } from './upload-api.ts';

/** Where a reply goes. */
export interface ChatPlace {
  readonly chatId: string;
  readonly threadId: string | null;
  readonly isForum: boolean;
  /** The message that is answered. */
  readonly replyTo: number;
  /** Told that the group has become the supergroup with this id; must not reject. */
  readonly onMigrated?: (chatId: string) => Promise<void>;
}

/** What the chat shows the bot doing. */
export type ChatAction = 'typing' | 'upload_document';

export interface OutgoingDocument {
  /** Without quotes, backslashes and line breaks: it goes into a header as it is. */
  readonly name: string;
  readonly content: Uint8Array;
}

/** A forum's General topic: its messages carry no thread, but its chat action must name it. */
const GENERAL_TOPIC = 1;
const NO_PREVIEW = { is_disabled: true };

/**
 * One chat or topic, as the bot writes to it. A group that has become a supergroup is followed there; its old messages can be neither edited
 * nor deleted, and a new one with the same id is another one. Every method throws TelegramError and nothing else.
 */
export class TelegramChat {
  readonly #api: Api;
  readonly #place: ChatPlace;
  #chatId: string;
  #threadId: string | null;
  /** The messages that were sent since the group was followed; undefined for one that is where it was. */
  #sentThere: Set<number> | undefined;

  constructor(api: Api, place: ChatPlace) {
    this.#api = api;
    this.#place = place;
    this.#chatId = place.chatId;
    this.#threadId = place.threadId;
  }

  /** Whether the messages go to a topic. */
  get isInTopic(): boolean {
    return this.#threadId !== null;
  }

  /** From now on the messages go to the chat itself, a forum's General topic; they answer no message, for that is one of the topic. */
  leaveTopic(): void {
    this.#threadId = null;
  }

  /** A silent message makes no sound at its reader's. @returns the new message's id. */
  async send(
    { text, entities }: FormattedText,
    { isSilent = false, ...options }: { isReply: boolean; isSilent?: boolean },
  ): Promise<number> {
    const message = await this.#following(() =>
      this.#api.sendMessage(this.#chatId, text, {
        entities,
        link_preview_options: NO_PREVIEW,
        ...(isSilent ? { disable_notification: true } : {}),
        ...this.#where(options),
      }),
    );
    this.#sentThere?.add(message.message_id);
    return message.message_id;
  }

  /** Sends a file as a reply. @param caption at most 1,024 code points. @returns the new message's id. */
  async sendDocument({ name, content }: OutgoingDocument, caption: FormattedText): Promise<number> {
    // grammY puts no quotes around a name, and it may have spaces.
    const message = await this.#following(() =>
      uploadApi(this.#api, content.byteLength).sendDocument(
        this.#chatId,
        new InputFile(content, `"${name}"`),
        {
          caption: caption.text,
          caption_entities: caption.entities,
          ...this.#where({ isReply: true }),
        },
      ),
    );
    return message.message_id;
  }

  async edit(messageId: number, { text, entities }: FormattedText): Promise<void> {
    await this.#onMessage(messageId, () =>
      this.#api.editMessageText(this.#chatId, messageId, text, {
        entities,
        link_preview_options: NO_PREVIEW,
      }),
    );
  }

  async delete(messageId: number): Promise<void> {
    await this.#onMessage(messageId, () => this.#api.deleteMessage(this.#chatId, messageId));
  }

  /** Sets the bot's reaction to a message; undefined takes it off. */
  async react(messageId: number, emoji: '👀' | undefined): Promise<void> {
    const reaction = emoji === undefined ? [] : [{ type: 'emoji' as const, emoji }];
    await this.#onMessage(messageId, () => this.#api.setMessageReaction(this.#chatId, messageId, reaction));
  }

  /** Shows what the bot is doing for up to 5 s. */
  async act(action: ChatAction): Promise<void> {
    const threadId = this.#threadId;
    const thread = threadId === null ? (this.#place.isForum ? GENERAL_TOPIC : undefined) : Number(threadId);
    await this.#following(() =>
      this.#api.sendChatAction(
        this.#chatId,
        action,
        thread === undefined ? {} : { message_thread_id: thread },
      ),
    );
  }

  /** @returns whether Telegram answers at all: then it is a call of its own kind that fails, and not Telegram. */
  async isThere(): Promise<boolean> {
    try {
      await calling(() => this.#api.getMe());
      return true;
    } catch (error) {
      if (!(error instanceof TelegramError)) throw error;
      return !error.mayHaveLanded;
    }
  }

  /** Makes the call again, in the supergroup, when the group has become one. */
  async #following<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await calling(call);
    } catch (error) {
      if (!(await this.#hasFollowed(error))) throw error;
      return calling(call);
    }
  }

  async #onMessage(messageId: number, call: () => Promise<unknown>): Promise<void> {
    if (this.#sentThere?.has(messageId) === false)
      throw new TelegramError(
        'telegram_refused',
        `Message ${messageId} is one of the group before it migrated`,
      );
    try {
      await calling(call);
    } catch (error) {
      await this.#hasFollowed(error);
      throw error;
    }
  }

  /** @returns whether the error said where the group has gone. */
  async #hasFollowed(error: unknown): Promise<boolean> {
    const chatId = error instanceof TelegramError ? error.migratedTo : undefined;
    if (chatId === undefined) return false;
    // A call that was made at the same time may have learned it first.
    if (this.#sentThere !== undefined) return chatId === this.#chatId;
    this.#chatId = chatId;
    this.#sentThere = new Set();
    await this.#place.onMigrated?.(chatId);
    return true;
  }

  #where({ isReply }: { isReply: boolean }): Where {
    const { replyTo } = this.#place;
    const threadId = this.#threadId;
    const hasTarget = isReply && this.#sentThere === undefined && threadId === this.#place.threadId;
    return {
      ...(threadId === null ? {} : { message_thread_id: Number(threadId) }),
      ...(hasTarget ? { reply_parameters: { message_id: replyTo, allow_sending_without_reply: true } } : {}),
    };
  }
}

interface Where {
  message_thread_id?: number;
  reply_parameters?: { message_id: number; allow_sending_without_reply: true };
}

async function calling<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toTelegramError(error);
  }
}

/**
 * @returns what to do about it. Of an HttpError only names are kept: its messages may hold the URL, and that holds the bot token.
 * @throws the error itself when it is none of grammY's.
 */
export function toTelegramError(error: unknown): TelegramError {
  if (error instanceof GrammyError) {
    const { error_code: code, method } = error;
    const { retry_after: retryAfter, migrate_to_chat_id: migratedTo } = error.parameters;
    const said = `Telegram answered ${method} with ${code}: ${error.description}`;
    if (code === 429) {
      return new TelegramError('telegram_throttled', said, {
        cause: error,
        status: code,
        retryAfterMs: (retryAfter ?? 1) * 1_000,
      });
    }
    return new TelegramError(code >= 500 || code === 401 ? 'telegram_failed' : 'telegram_refused', said, {
      cause: error,
      status: code,
      ...(migratedTo === undefined ? {} : { migratedTo: String(migratedTo) }),
    });
  }
  if (error instanceof HttpError) {
    const cause = withoutMessages(error.error);
    return new TelegramError('telegram_unreachable', 'Telegram cannot be reached', { cause });
  }
  throw error;
}

/** Causes may go round in a circle. */
const MAX_CAUSES = 10;

/** @returns the innermost cause's name and system code (`ECONNREFUSED`, …), and nothing else of it. */
function withoutMessages(error: unknown): NetworkError {
  let innermost = error;
  for (let depth = 0; depth < MAX_CAUSES && innermost instanceof Error && innermost.cause; depth += 1) {
    innermost = innermost.cause;
  }
  if (!(innermost instanceof Error)) return new NetworkError('unknown', undefined);
  const code = 'code' in innermost ? innermost.code : undefined;
  return new NetworkError(innermost.name, typeof code === 'string' ? code : undefined);
}

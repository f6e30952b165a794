import type { Message, User, UserFromGetMe } from 'grammy/types';
import { badRequest } from './calls/bot-api-error.ts';
import { type BotChat, type ChatStore, topicOf } from './store/chat-store.ts';
import type { FileStore } from './store/file-store.ts';
import { type MessageCaption, messageCaption, type MessageText, messageText } from './text/message-text.ts';
import type { PageChat, PageTopic } from './page-api.ts';
import type { PageEventHub } from './page-event-hub.ts';
import type { SettingsStore } from './store/settings-store.ts';
import type { UpdateQueue } from './store/update-queue.ts';
import { keepUserFiles, type UserFile } from './page/user-files.ts';

/** Light blue, the first of the colors that Telegram gives to topics. */
const TOPIC_ICON_COLOR = 0x6fb9f0;

const FIRST_GROUP_ID = -4_000_000_001;
const FIRST_SUPERGROUP_ID = -1_001_000_000_001;

/** What somebody sends. */
export interface UserMessage {
  chat_id: number;
  /** With files, the caption of the first; needed only without. */
  text?: string;
  /** Each becomes a message. */
  files?: readonly UserFile[];
  /** A topic of a forum; absent means General, or no topics. */
  thread_id?: number;
  /** Who writes; what is absent is taken from the person of the page. */
  from?: Partial<User>;
  reply_to_message_id?: number;
}

/** A new message, ready but for its number. */
export interface Draft {
  chat: BotChat;
  threadId: number | null;
  from: User;
  content: Partial<MessageText> &
    MessageCaption &
    Pick<Message, 'document' | 'photo' | 'media_group_id' | 'reply_markup' | 'link_preview_options'>;
  repliesTo?: Message | undefined;
}

interface Parts {
  store: ChatStore;
  settings: SettingsStore;
  files: FileStore;
  updates: UpdateQueue;
  pages: PageEventHub;
  bot: UserFromGetMe;
}

/** What happens in the chats: every change is stored, shown on the page, and what people do is queued for the bot. */
export class Conversations {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The person of the page. */
  get person(): User {
    const person = this.#parts.settings.get('person');
    if (!person) throw new Error('The stand-in has no person: it was not seeded');
    return person;
  }

  /** @throws BotApiError 400 when the bot knows no such chat. */
  chat(chatId: number): BotChat {
    const chat = this.#parts.store.chat(chatId);
    if (!chat) throw badRequest('chat not found');
    return chat;
  }

  /**
   * A person sends a message. A stranger's private chat begins with their first one.
   * @returns the message; of several files, the first.
   * @throws BotApiError 400 for an unknown chat, topic or message to reply to, and for a text or file Telegram would not take.
   */
  sendAsUser(message: UserMessage): Message {
    const { store, files } = this.#parts;
    const from: User = { ...this.person, ...message.from };
    const { text = '', files: sentFiles = [] } = message;
    const typed = sentFiles.length === 0 ? messageText(text) : messageCaption(text);
    if (message.chat_id === from.id && !store.chat(from.id)) {
      this.#addChat({ id: from.id, type: 'private', first_name: from.first_name });
    }
    const chat = this.chat(message.chat_id);
    const threadId = message.thread_id ?? null;
    if (threadId !== null && !store.hasTopic(chat.id, threadId)) throw badRequest('message thread not found');
    const replyTo = message.reply_to_message_id;
    const repliesTo = replyTo === undefined ? undefined : store.message(chat.id, replyTo);
    if (replyTo !== undefined && !repliesTo) throw badRequest('message to be replied not found');
    const [first, ...others] = keepUserFiles(sentFiles, files);
    const send = (content: Draft['content']): Message => {
      const sent = this.post({ chat, threadId, from, content, repliesTo });
      this.#parts.updates.push('message', this.asBotSees(sent));
      return sent;
    };
    const sent = send({ ...first, ...typed });
    others.forEach(send);
    return sent;
  }

  /** Adds a message of anyone and shows it. */
  post({ chat, threadId, from, content, repliesTo }: Draft): Message {
    return this.#add({
      ...this.#envelope(chat, { threadId, from }),
      ...(repliesTo && { reply_to_message: withoutReply(repliesTo) }),
      ...content,
    });
  }

  /** Stores a new version of a message and shows it, unless it was cleared from the page. */
  edit(message: Message): void {
    const { store, pages } = this.#parts;
    store.replaceMessage(message);
    if (!store.isHidden(message.chat.id, message.message_id)) pages.publish('edited', message);
  }

  delete(message: Message): void {
    this.#parts.store.deleteMessage(message.chat.id, message.message_id);
    this.#parts.pages.publish('deleted', { chat_id: message.chat.id, message_id: message.message_id });
  }

  /** A new group or forum, with the bot in it. */
  createChat(title: string, isForum: boolean): PageChat {
    const ids = this.#parts.store.chats().map(({ id }) => id);
    const chat: BotChat = isForum
      ? { id: Math.min(FIRST_SUPERGROUP_ID, ...ids) - 1, type: 'supergroup', title, is_forum: true }
      : { id: freeGroupId(ids), type: 'group', title };
    return this.#addChat(chat);
  }

  /** A person opens a topic. @throws BotApiError 400 when the chat is unknown or no forum. */
  createTopic(chatId: number, name: string): PageTopic {
    const { topic, opening } = this.addTopic(chatId, name);
    this.#parts.updates.push('message', opening);
    return topic;
  }

  /** Adds a topic that the bot is not told of. @throws as `createTopic`. */
  addTopic(chatId: number, name: string): { topic: PageTopic; opening: Message } {
    const chat = this.chat(chatId);
    if (chat.is_forum !== true) throw badRequest('the chat is not a forum');
    // A topic's number is that of the service message which opens it.
    const threadId = this.#parts.store.takeMessageId(chat.id);
    const topic = { thread_id: threadId, name };
    this.#parts.store.addTopic(chat.id, topic);
    const opening = this.#add({
      ...this.#envelope(chat, { threadId, from: this.person, messageId: threadId }),
      forum_topic_created: { name, icon_color: TOPIC_ICON_COLOR },
    });
    this.#parts.pages.publish('chat', this.pageChat(chat));
    return { topic, opening };
  }

  pageChat(chat: BotChat): PageChat {
    const { store, bot } = this.#parts;
    const [last] = store.messages(chat.id, { limit: 1 });
    const ownTitle = chat.id === this.person.id ? bot.first_name : chat.first_name;
    return {
      id: chat.id,
      type: chat.type,
      title: chat.title ?? ownTitle ?? '',
      is_forum: chat.is_forum === true,
      topics: store.topics(chat.id),
      ...(last && { last_message: last }),
    };
  }

  /**
   * The same message as the Bot API tells it. In a topic, what replies to nothing replies to the topic's opening message;
   * in a supergroup outside of topics, a reply carries its thread's id, which is not a topic.
   */
  asBotSees(message: Message): Message {
    const threadId = topicOf(message);
    const reply = message.reply_to_message;
    if (threadId === null) {
      const isReplyThread = reply !== undefined && message.chat.type === 'supergroup';
      return isReplyThread ? { ...message, message_thread_id: reply.message_id } : message;
    }
    const opening = this.#parts.store.message(message.chat.id, threadId);
    if (reply !== undefined || !opening || message.message_id === threadId) return message;
    return { ...message, reply_to_message: withoutReply(opening) };
  }

  #addChat(chat: BotChat): PageChat {
    this.#parts.store.addChat(chat);
    const shown = this.pageChat(chat);
    this.#parts.pages.publish('chat', shown);
    return shown;
  }

  #add(message: Message): Message {
    this.#parts.store.addMessage(message);
    this.#parts.pages.publish('message', message);
    return message;
  }

  #envelope(
    chat: BotChat,
    {
      threadId,
      from,
      messageId,
    }: { readonly threadId: number | null; readonly from: User; readonly messageId?: number | undefined },
  ): Message {
    return {
      message_id: messageId ?? this.#parts.store.takeMessageId(chat.id),
      ...(threadId !== null && { message_thread_id: threadId, is_topic_message: true }),
      from,
      chat,
      date: Math.floor(Date.now() / 1000),
    };
  }
}

/** A message that is replied to does not tell what it replied to itself. */
function withoutReply(message: Message): NonNullable<Message['reply_to_message']> {
  const copy = { ...message };
  delete copy.reply_to_message;
  // The Bot API's type wants the field to be there and undefined; on the wire it is absent.
  return copy as unknown as NonNullable<Message['reply_to_message']>;
}

function freeGroupId(ids: readonly number[]): number {
  const groups = ids.filter((id) => id <= FIRST_GROUP_ID && id > FIRST_SUPERGROUP_ID);
  return Math.min(FIRST_GROUP_ID + 1, ...groups) - 1;
}

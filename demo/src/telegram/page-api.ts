import type { BotCommand, Message, User } from 'grammy/types';

/**
 * The JSON of the page API: what the browser page and the stand-in say to each other. Types only, so that the
 * page can import it too. Ids and shapes are the Bot API's; times are its Unix seconds.
 */

/** One chat as the page lists it. */
export interface PageChat {
  id: number;
  type: 'private' | 'group' | 'supergroup';
  /** A private chat's title is the bot's name. */
  title: string;
  is_forum: boolean;
  /** The topics besides General, oldest first; empty unless the chat is a forum. */
  topics: PageTopic[];
  /** The newest message of all topics; absent while the chat is empty. */
  last_message?: Message;
}

export interface PageTopic {
  thread_id: number;
  name: string;
}

/** `GET /page/state` */
export interface PageState {
  /** The person who uses the page. */
  me: User;
  bot: User;
  /** In the order in which they were made. */
  chats: PageChat[];
  commands: BotCommand[];
}

/** Body of `POST /page/chats`, answered with a {@link PageChat}. */
export interface NewChat {
  title: string;
  is_forum: boolean;
}

/** Body of `POST /page/chats/:chat_id/topics`, answered with a {@link PageTopic}. */
export interface NewTopic {
  name: string;
}

/** What the bot shows on a message; null when it shows nothing (any more). */
export interface PageReaction {
  chat_id: number;
  message_id: number;
  emoji: string | null;
}

/** `GET /page/chats/:chat_id/messages`, oldest first, and the reactions to those that have one. */
export interface PageMessages {
  messages: Message[];
  reactions: PageReaction[];
}

/** Answer to `POST /page/files`, whose body is the file itself as `application/octet-stream`, at most 20 MB. */
export interface UploadedFile {
  upload_id: string;
}

export interface NewFile {
  upload_id: string;
  name: string;
  /** Empty when unknown. */
  media_type: string;
  /** A photo is JPEG or PNG, and its name is not kept. */
  as: 'photo' | 'document';
}

/** Body of `POST /page/chats/:chat_id/messages`, answered with the {@link Message}; of several files, the first. */
export interface NewMessage {
  /** 32 hexadecimal digits, the same for each try of one message: the stand-in takes the message once and answers each try with it. */
  send_id?: string;
  /** 1 to 4096 code points; with files 0 to 1024. */
  text: string;
  /** At most 10. */
  files?: NewFile[];
  /** A topic of this forum; absent means the General topic, or a chat without topics. */
  thread_id?: number;
  reply_to_message_id?: number;
  /** IETF tag of the language in which the person's app runs; theirs from then on. */
  language_code?: string;
}

/** The names of `GET /page/events` and the JSON that each carries in `data`. */
export interface PageEvents {
  message: Message;
  edited: Message;
  reaction: PageReaction;
  deleted: { chat_id: number; message_id: number };
  /** Shown for at most 5 s, or until the next message there. In a forum's General topic there is no `thread_id`. */
  typing: { chat_id: number; thread_id?: number };
  /** A chat that is new, or has a new topic. */
  chat: PageChat;
  /** Without `thread_id` the whole chat was cleared. */
  cleared: { chat_id: number; thread_id?: number };
}

export type PageEventName = keyof PageEvents;

/** The body of every 4xx and 5xx. */
export interface PageError {
  error: { message: string };
}

import type { Message } from 'grammy/types';
import type { PageInfo } from '../src/page/page-info.ts';
import type {
  NewChat,
  NewMessage,
  NewTopic,
  PageChat,
  PageError,
  PageMessages,
  PageState,
  PageTopic,
} from '../src/telegram/page-api.ts';
import type { Conversation } from './chats/conversation.ts';
import { t } from './language/i18n.ts';

/** Messages fetched at a time. */
export const MESSAGES_PER_FETCH = 50;

/** The status of an error that the server did not answer at all. */
export const UNREACHABLE = 0;

/** The server refused a request, or could not be reached; the message is for the reader. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Each call throws {@link ApiError}. */
export const api = {
  info: (): Promise<PageInfo> => request('GET', '/page/info'),
  state: (): Promise<PageState> => request('GET', '/page/state'),
  createChat: (chat: NewChat): Promise<PageChat> => request('POST', '/page/chats', chat),
  createTopic: (chatId: number, topic: NewTopic): Promise<PageTopic> =>
    request('POST', `/page/chats/${chatId}/topics`, topic),
  send: (chatId: number, message: NewMessage): Promise<Message> =>
    request('POST', `/page/chats/${chatId}/messages`, message),
  clear: (conversation: Conversation): Promise<unknown> => request('DELETE', messagesPath(conversation)),
  /** @returns the newest messages of a conversation that are older than `before`, oldest first, and their reactions. */
  messages: (conversation: Conversation, before?: number): Promise<PageMessages> =>
    request('GET', messagesPath(conversation, { limit: MESSAGES_PER_FETCH, before })),
  /** @returns the newest message of a conversation, for the topic list. */
  newest: async (conversation: Conversation): Promise<Message | undefined> =>
    (await request<PageMessages>('GET', messagesPath(conversation, { limit: 1 }))).messages.at(-1),
};

function messagesPath(conversation: Conversation, query: Record<string, number | undefined> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ thread_id: conversation.thread_id, ...query })) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return `/page/chats/${conversation.chat_id}/messages?${parameters}`;
}

/** The page and its server ship together, so the shapes are taken as page-api.ts declares them. */
async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json' },
      }),
    });
  } catch (error) {
    throw new ApiError(UNREACHABLE, t('unreachable'), { cause: error });
  }
  const text = await response.text();
  if (!response.ok) throw new ApiError(response.status, refusal(response, text));
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

function refusal(response: Response, text: string): string {
  if (!response.headers.get('Content-Type')?.includes('json')) return `HTTP ${response.status}`;
  return (JSON.parse(text) as PageError).error.message;
}

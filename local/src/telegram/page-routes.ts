import { type Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { BotApiError } from './bot-api-error.ts';
import type { ChatStore } from './chat-store.ts';
import type { Conversations } from './conversations.ts';
import type { FileStore } from './file-store.ts';
import type { PageError, PageMessages, PageState } from './page-api.ts';
import type { PageEventHub } from './page-event-hub.ts';
import { streamPageEvents } from './page-event-stream.ts';
import type { ReactionStore } from './reaction-store.ts';

const MAX_TITLE_LENGTH = 128;
const MAX_PAGE_SIZE = 100;

const newChat = z.object({ title: z.string().trim().min(1).max(MAX_TITLE_LENGTH), is_forum: z.boolean() });
const newTopic = z.object({ name: z.string().trim().min(1).max(MAX_TITLE_LENGTH) });
const newMessage = z.object({
  text: z.string(),
  thread_id: z.int().exactOptional(),
  reply_to_message_id: z.int().exactOptional(),
  language_code: z.string().min(2).max(35).exactOptional(),
});
const path = z.object({ chat_id: z.coerce.number().int() });
const messagePath = path.extend({ message_id: z.coerce.number().int() });
const threadQuery = z.object({ thread_id: z.coerce.number().int().optional() });
const messageQuery = threadQuery.extend({
  before: z.coerce.number().int().exactOptional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(50),
});

interface Parts {
  conversations: Conversations;
  store: ChatStore;
  files: FileStore;
  reactions: ReactionStore;
  pages: PageEventHub;
  /** The page's state but for its chats. */
  profile: () => Omit<PageState, 'chats'>;
  setLanguage: (languageCode: string) => void;
  onError: (error: unknown) => void;
}

/** @returns `/page/*`: what the browser page asks and does. Its JSON is described in `page-api.ts`. */
export function createPageRoutes(parts: Parts): Hono {
  const { conversations, store, files, reactions, pages } = parts;
  const app = new Hono();

  app.get('/page/state', (context) => {
    const chats = store.chats().map((chat) => conversations.pageChat(chat));
    return context.json<PageState>({ ...parts.profile(), chats });
  });

  app.get('/page/events', (context) => streamPageEvents(context, pages));

  app.post('/page/chats', async (context) => {
    const { title, is_forum: isForum } = await body(context, newChat);
    return context.json(conversations.createChat(title, isForum));
  });

  app.post('/page/chats/:chat_id/topics', async (context) => {
    const { name } = await body(context, newTopic);
    return context.json(conversations.createTopic(chatIdOf(context), name));
  });

  app.get('/page/chats/:chat_id/messages', (context) => {
    const { thread_id: threadId = null, ...range } = parse(messageQuery, context.req.query());
    const { id } = conversations.chat(chatIdOf(context));
    const messages = store.messages(id, { ...range, threadId });
    const ids = messages.map(({ message_id }) => message_id);
    return context.json<PageMessages>({ messages, reactions: reactions.reactions(id, ids) });
  });

  app.get('/page/chats/:chat_id/messages/:message_id/document', (context) => {
    const { chat_id: chat, message_id: id } = parse(messagePath, context.req.param());
    const message = store.message(chat, id);
    const content = message && files.ofMessage(message);
    if (!content) throw new HTTPException(404, { message: 'There is no such file' });
    return context.body(content, 200, downloadHeaders(message.document?.file_name ?? 'file'));
  });

  app.post('/page/chats/:chat_id/messages', async (context) => {
    const { language_code: languageCode, ...message } = await body(context, newMessage);
    if (languageCode !== undefined) parts.setLanguage(languageCode);
    return context.json(conversations.sendAsUser({ ...message, chat_id: chatIdOf(context) }));
  });

  app.delete('/page/chats/:chat_id/messages', (context) => {
    const { thread_id: threadId } = parse(threadQuery, context.req.query());
    const { id } = conversations.chat(chatIdOf(context));
    store.hideMessages(id, threadId);
    pages.publish('cleared', { chat_id: id, ...(threadId !== undefined && { thread_id: threadId }) });
    return context.json({});
  });

  app.onError((error, context) => {
    if (error instanceof BotApiError || error instanceof HTTPException) {
      const status = error instanceof BotApiError ? error.errorCode : error.status;
      return context.json<PageError>({ error: { message: error.message } }, status);
    }
    parts.onError(error);
    return context.json<PageError>({ error: { message: 'The stand-in failed; its log says why.' } }, 500);
  });

  return app;
}

/** Whatever is in the file, the browser saves it and runs nothing of it. */
function downloadHeaders(name: string): Record<string, string> {
  const ascii = name.replaceAll(/[^ -~]|["%\\]/g, '_');
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16)}`,
  );
  return {
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`,
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'private, no-store',
  };
}

function chatIdOf(context: Context): number {
  return parse(path, context.req.param()).chat_id;
}

/** Only JSON: another site's page can send a form to this address, but not JSON without asking first. */
async function body<Schema extends z.ZodType>(context: Context, schema: Schema): Promise<z.output<Schema>> {
  if (!context.req.header('content-type')?.startsWith('application/json')) {
    throw new HTTPException(400, { message: 'The body has to be application/json' });
  }
  const json: unknown = await context.req.json().catch((cause: unknown) => {
    throw new HTTPException(400, { message: 'The body is not JSON', cause });
  });
  return parse(schema, json);
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new HTTPException(400, { message: z.prettifyError(parsed.error), cause: parsed.error });
}

import type { Message } from 'grammy/types';
import { type Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { bodyLimit } from 'hono/body-limit';
import { secureHeaders } from 'hono/secure-headers';
import { z } from 'zod';
import { BotApiError } from '../calls/bot-api-error.ts';
import type { ChatStore } from '../store/chat-store.ts';
import type { Conversations } from '../conversations.ts';
import type { FileStore } from '../store/file-store.ts';
import type { PageError, PageMessages, PageState } from '../page-api.ts';
import type { PageEventHub } from '../page-event-hub.ts';
import { streamPageEvents } from './page-event-stream.ts';
import { createPageFiles, newFile, uploadedFiles } from './page-files.ts';
import type { ReactionStore } from '../store/reaction-store.ts';
import type { UploadStore } from '../store/upload-store.ts';
import { MAX_FILES } from './user-files.ts';

const MAX_TITLE_LENGTH = 128;
const MAX_PAGE_SIZE = 100;
/** Room for the longest message, escaped as JSON, with the names of its files. */
const MAX_BODY_BYTES = 1024 * 1024;

const newChat = z.object({ title: z.string().trim().min(1).max(MAX_TITLE_LENGTH), is_forum: z.boolean() });
const newTopic = z.object({ name: z.string().trim().min(1).max(MAX_TITLE_LENGTH) });
const newMessage = z.object({
  send_id: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .exactOptional(),
  text: z.string(),
  files: z.array(newFile).max(MAX_FILES).default([]),
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
  uploads: UploadStore;
  reactions: ReactionStore;
  pages: PageEventHub;
  /** The page's state but for its chats. */
  profile: () => Omit<PageState, 'chats'>;
  setLanguage: (languageCode: string) => void;
  onError: (error: unknown) => void;
}

/** @returns `/page/*`: what the browser page asks and does. Its JSON is described in `page-api.ts`. */
export function createPageRoutes(parts: Parts): Hono {
  const { conversations, store, files, uploads, reactions, pages } = parts;
  const app = new Hono();

  // Nothing here is a document to look at; a file that somebody sent might pretend to be one.
  app.use(
    '/page/*',
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'none'"], sandbox: [] },
      referrerPolicy: 'no-referrer',
      xFrameOptions: 'DENY',
      strictTransportSecurity: false,
    }),
  );

  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: () => {
      throw new HTTPException(413, { message: 'The body is too large' });
    },
  });
  app.use('/page/chats', limit).use('/page/chats/*', limit);

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

  const sent = (sendId: string | undefined, send: () => Message): Message => {
    const before = sendId === undefined ? undefined : store.sentAs(sendId);
    if (before) return before;
    const message = send();
    if (sendId !== undefined) store.keepSend(sendId, message);
    return message;
  };

  const messageOf = (given: Record<string, string>): Message | undefined => {
    const { chat_id: chat, message_id: id } = parse(messagePath, given);
    return store.message(chat, id);
  };
  app.route('/', createPageFiles({ files, uploads, messageOf }));

  app.post('/page/chats/:chat_id/messages', async (context) => {
    const {
      language_code: languageCode,
      files: given,
      send_id: sendId,
      ...text
    } = await body(context, newMessage);
    if (languageCode !== undefined) parts.setLanguage(languageCode);
    const message = sent(sendId, () =>
      conversations.sendAsUser({
        ...text,
        files: uploadedFiles(given, uploads),
        chat_id: chatIdOf(context),
      }),
    );
    uploads.remove(given.map(({ upload_id }) => upload_id));
    return context.json(message);
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
    // Whoever gave up sending, a file say, waits for no answer, and nothing failed here.
    if (!context.req.raw.signal.aborted) parts.onError(error);
    return context.json<PageError>({ error: { message: 'The stand-in failed; its log says why.' } }, 500);
  });

  return app;
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

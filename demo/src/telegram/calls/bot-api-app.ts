import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type BotApiCall, type BotApiFault, DOWNLOAD } from './bot-api-call.ts';
import { BotApiError } from './bot-api-error.ts';
import type { BotMethods, MethodResult } from './bot-method.ts';
import { type CallPayload, readCallPayload } from './call-payload.ts';
import type { FileStore } from '../store/file-store.ts';

/** What a bot may upload in one call, as the Bot API server of Telegram has it. https://core.telegram.org/bots/api#sending-files */
const MAX_BODY_BYTES = 50 * 1024 * 1024;

export interface BotApiAppOptions {
  token: string;
  methods: BotMethods;
  files: FileStore;
  onCall?: ((call: BotApiCall) => void) | undefined;
  intercept?: ((call: BotApiCall) => Promise<BotApiFault | undefined> | BotApiFault | undefined) | undefined;
  onError: (error: unknown) => void;
}

/** Thrown where there is no socket to cut, so that a caller in the same process sees its request fail. */
export class ConnectionCutError extends Error {
  override readonly name = 'ConnectionCutError';
}

interface Environment {
  Bindings: Partial<HttpBindings>;
}

/** @returns `/bot<token>/<method>`, GET and POST, and `/file/bot<token>/<file_path>`, as the Bot API answers them. */
export function createBotApiApp({
  token,
  methods,
  files,
  onCall,
  intercept,
  onError,
}: BotApiAppOptions): Hono<Environment> {
  const names = new Map(Object.keys(methods).map((name) => [name.toLowerCase(), name]));
  const app = new Hono<Environment>();

  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: () => {
      throw new BotApiError(413, 'Request Entity Too Large');
    },
  });
  const route = '/:bot{bot[^/]+}/:method';
  // Before anything of the body is read.
  app.use(route, async (context, next) => {
    checkToken(context.req.param('bot'));
    await next();
  });
  app.on(['GET', 'POST'], route, limit, async (context) => {
    const asked = context.req.param('method');
    const method = names.get(asked.toLowerCase()) ?? asked;
    const { call, fault } = await received(method, await readCallPayload(context.req));
    if (fault === 'drop') return cut(context);
    if (fault && fault !== 'lost_answer') return faultAnswer(fault);
    const answer = await carryOut(call, context.req.raw.signal);
    return fault === 'lost_answer' ? cut(context) : context.json(answer.body, answer.status);
  });

  app.get('/file/:bot{bot[^/]+}/:path{.+}', async (context) => {
    checkToken(context.req.param('bot'));
    const path = context.req.param('path');
    const { fault } = await received(DOWNLOAD, { file_path: path });
    if (fault === 'drop' || fault === 'lost_answer') return cut(context);
    if (fault) return faultAnswer(fault);
    const content = files.atPath(path);
    if (!content) throw new BotApiError(404, '');
    return context.body(content, 200, { 'Content-Type': 'application/octet-stream' });
  });

  function checkToken(bot: string): void {
    if (bot !== `bot${token}`) throw new BotApiError(401, 'Unauthorized');
  }

  async function received(
    method: string,
    payload: CallPayload,
  ): Promise<{ call: BotApiCall; fault: BotApiFault | undefined }> {
    const call: BotApiCall = { method, payload, at: new Date() };
    onCall?.(call);
    return { call, fault: await intercept?.(call) };
  }

  app.onError((error, context) => {
    if (error instanceof ConnectionCutError) throw error;
    const answer = toAnswer(error);
    return context.json(answer.body, answer.status);
  });

  async function carryOut(call: BotApiCall, signal: AbortSignal): Promise<Answer> {
    try {
      const method = methods[call.method];
      if (!method) throw new BotApiError(404, 'method not found');
      return { status: 200, body: { ok: true, ...(await method(call.payload, signal)) } };
    } catch (error) {
      return toAnswer(error);
    }
  }

  function toAnswer(error: unknown): Answer {
    if (error instanceof BotApiError) return { status: error.errorCode, body: error.toBody() };
    onError(error);
    return { status: 500, body: { ok: false, error_code: 500, description: 'Internal Server Error' } };
  }

  return app;
}

interface Answer {
  status: ContentfulStatusCode;
  body: ({ ok: true } & MethodResult) | { ok: false; error_code: number; description: string };
}

function faultAnswer({ status, body, headers }: Exclude<BotApiFault, string>): Response {
  if (typeof body === 'string') return new Response(body, { status, ...(headers && { headers }) });
  return Response.json(body, { status, ...(headers && { headers }) });
}

function cut(context: Context<Environment>): Response {
  // Outside of a server there are no bindings at all, whatever the type says.
  const bindings = context.env as Partial<HttpBindings> | undefined;
  if (!bindings?.incoming) throw new ConnectionCutError('The connection was cut');
  bindings.incoming.socket.destroy();
  return RESPONSE_ALREADY_SENT;
}

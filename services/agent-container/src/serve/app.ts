// request → authorise → parse → stored session → run → NDJSON stream, or one JSON body
import { randomUUID } from 'node:crypto';
import {
  createSessionSchema,
  httpStatusOf,
  IDEMPOTENCY_HEADER,
  isTerminal,
  MAX_IDEMPOTENCY_KEY_LENGTH,
  NDJSON_MEDIA_TYPE,
  routes,
  type RunEvent,
  type RunResponse,
  sendMessageSchema,
  sessionKey,
  sessionPathSchema,
  type WireError,
} from '@omnicloud/protocol';
import type { StopRequests } from '@omnicloud/session-table';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { z } from 'zod';
import { AgentError, toAgentError } from '../errors.ts';
import { openSession } from '../session/open-session.ts';
import { NOTHING_STORED } from '../session/restore.ts';
import { type HeldSession, holdSession, type Tenure } from '../session/hold-session.ts';
import type { SessionLeases } from '../session/session-lease.ts';
import { authorise } from './authorise.ts';
import { runTurn, type TurnDeps, type TurnToRun } from './run-turn.ts';
import { eventStream } from './write-events.ts';

export interface AppDeps extends TurnDeps {
  /** The token callers must show; an empty one refuses everybody. */
  readonly authToken: string;
  readonly leases: SessionLeases;
  readonly stops: StopRequests;
  /** Told of each run when it begins, with a promise of its very end: who closes the stores waits for it, for a reader may be gone long before. */
  readonly onRun?: (ended: Promise<void>) => void;
  /** How sessions are held; a lease of 15 s, renewed every second, unless given. */
  readonly tenure?: Tenure;
  /** The longest silence on a stream in ms; 10 s unless given. */
  readonly heartbeatMs?: number;
}

/** Room for the longest message in UTF-8, escaped as JSON, with its metadata. In bytes. */
const BODY_LIMIT_BYTES = 2 * 1024 * 1024;

/** @returns the agent server as a value: `app.fetch` answers requests, whatever listens for them. */
export function createApp(deps: AppDeps): Hono {
  const app = new Hono();
  app.onError((error, context) => answerError(context, toAgentError(error), deps));
  app.notFound(() => {
    throw new AgentError('not_found', 'There is no such route');
  });
  app.get(routes.health, (context) => context.json({ status: 'ok' }));
  app.use(
    '/session/*',
    authorise(deps.authToken),
    bodyLimit({ maxSize: BODY_LIMIT_BYTES, onError: tooLarge }),
  );
  app.post(routes.create, async (context) => {
    const request = parse(createSessionSchema, await readJson(context));
    const newSessionKey = sessionKey(request.chat_id, request.thread_id);
    return answer(context, deps, {
      sessionId: randomUUID(),
      newSessionKey,
      stored: NOTHING_STORED,
      userMessage: request.user_message,
      idempotencyKey: idempotencyKey(context),
      metadata: request.metadata,
    });
  });
  app.post(routes.message, async (context) => {
    const { session_id: sessionId } = parse(sessionPathSchema, context.req.param());
    const request = parse(sendMessageSchema, await readJson(context));
    return answer(context, deps, {
      sessionId,
      newSessionKey: undefined,
      userMessage: request.user_message,
      idempotencyKey: idempotencyKey(context),
      metadata: request.metadata,
    });
  });
  return app;
}

type Asked = Omit<TurnToRun, 'signal' | 'stored' | 'held'> & { stored?: TurnToRun['stored'] };

async function answer(context: Context, deps: AppDeps, asked: Asked): Promise<Response> {
  const { sessionId } = asked;
  const report = (error: unknown): void => deps.onError(toAgentError(error), sessionId);
  const held = await holdSession(deps.leases, sessionId, {
    isStopped: () => isStopped(deps, asked),
    onError: report,
    ...(deps.tenure === undefined ? {} : { tenure: deps.tenure }),
  });
  const abort = new AbortController();
  try {
    // Only now: what another holder wrote until a moment ago counts.
    const stored = asked.stored ?? (await openSession(deps.store, sessionId, report));
    const events = releasing(runTurn({ ...asked, stored, held, signal: abort.signal }, deps), held, deps);
    if (context.req.header('accept')?.includes(NDJSON_MEDIA_TYPE)) {
      const stream = eventStream(events, () => abort.abort(), deps.heartbeatMs);
      return new Response(stream, {
        headers: { 'content-type': NDJSON_MEDIA_TYPE, 'cache-control': 'no-store' },
      });
    }
    context.req.raw.signal.addEventListener('abort', () => abort.abort(), { once: true });
    const body = await wholeAnswer(events);
    return 'error' in body ? context.json(body, httpStatusOf(body.error.code)) : context.json(body);
  } catch (error) {
    await held.release();
    throw error;
  }
}

/** The session is free before the terminal event goes out: whoever hears it may send the next message at once. */
async function* releasing(
  events: AsyncGenerator<RunEvent, void, undefined>,
  held: HeldSession,
  { onRun }: AppDeps,
): AsyncGenerator<RunEvent, void, undefined> {
  const { promise: ended, resolve: end } = Promise.withResolvers<undefined>();
  onRun?.(ended);
  try {
    for await (const event of events) {
      if (isTerminal(event)) await held.release();
      yield event;
    }
  } finally {
    await held.release();
    end(undefined);
  }
}

async function isStopped(deps: AppDeps, { newSessionKey, metadata }: Asked): Promise<boolean> {
  const sessionKey = metadata?.session_key ?? newSessionKey;
  if (sessionKey === undefined || metadata?.update_id === undefined) return false;
  return deps.stops.isStopped(sessionKey, metadata.update_id);
}

function idempotencyKey(context: Context): string | undefined {
  const key = context.req.header(IDEMPOTENCY_HEADER);
  if (key !== undefined && key.length > MAX_IDEMPOTENCY_KEY_LENGTH) {
    throw new AgentError('bad_request', `Idempotency-Key: at most ${MAX_IDEMPOTENCY_KEY_LENGTH} characters`);
  }
  return key;
}

/** A run that failed was reported where it failed, so its error is a value here. */
async function wholeAnswer(events: AsyncIterable<RunEvent>): Promise<RunResponse | { error: WireError }> {
  let response = '';
  for await (const event of events) {
    if (event.type === 'answer') response = event.text;
    if (event.type === 'failed') return { error: event.error };
    if (event.type === 'finished' || event.type === 'paused') {
      const { type, ...result } = event;
      return { response, is_stopped: false, is_paused: type === 'paused', ...result };
    }
  }
  throw new AgentError('internal', 'The run ended without a result');
}

async function readJson(context: Context): Promise<unknown> {
  try {
    return await context.req.json();
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new AgentError('bad_request', 'The body is not JSON', { cause: error });
    throw error;
  }
}

function parse<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const isTooLong = issues.every(({ code, path }) => code === 'too_big' && path[0] === 'user_message');
  throw new AgentError(
    isTooLong ? 'too_large' : 'bad_request',
    issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; '),
    { cause: parsed.error },
  );
}

function tooLarge(): never {
  throw new AgentError('too_large', `The body is larger than ${BODY_LIMIT_BYTES} bytes`);
}

function answerError(context: Context, error: AgentError, deps: AppDeps): Response {
  const status = httpStatusOf(error.code);
  if (status >= 500) deps.onError(error, '');
  return context.json({ error: error.toWire() }, status);
}

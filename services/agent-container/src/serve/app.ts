// request → authorise → parse → stored session → run → NDJSON stream, or one JSON body
import { randomUUID } from 'node:crypto';
import {
  createSessionSchema,
  httpStatusOf,
  isTerminal,
  NDJSON_MEDIA_TYPE,
  routes,
  type RunEvent,
  sendMessageSchema,
  SESSION_KEY_HEADER,
  sessionKey,
  sessionPathSchema,
} from '@omnicloud/protocol';
import { persistent, type StopRequests } from '@omnicloud/storage';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { AgentError, toAgentError } from '../errors.ts';
import { Homes, type IdleHomeLimits } from '../session/home/idle-homes.ts';
import { replayable } from '../session/last-turn.ts';
import { openSession } from '../session/open-session.ts';
import { NOTHING_STORED } from '../session/restore.ts';
import { type HeldSession, holdSession, type LeaseTiming } from '../session/lease/hold-session.ts';
import type { SessionLeases } from '../session/lease/session-lease.ts';
import { authorise } from './authorise.ts';
import { ofItsTenant, refuseOtherConversation, refuseOtherSession } from './own-conversation.ts';
import { beginSession } from './turn/begin-session.ts';
import { allowOrigins } from './cross-origin.ts';
import { deriveSessionId } from './derive-session-id.ts';
import { idempotencyKey, parse, readBody } from './read-request.ts';
import type { ServerBindings } from './turn/run-limit.ts';
import { runTurn } from './turn/run-turn.ts';
import type { TurnDeps, TurnToRun } from './turn/turn-to-run.ts';
import { sessionIdKey } from './session-id-key.ts';
import { serveSessionFiles } from './session-files.ts';
import { wholeAnswer } from './whole-answer.ts';
import { eventStream } from './write-events.ts';

export interface AppDeps extends Omit<TurnDeps, 'homes'> {
  /** Who serves one work folder by several apps hands the same to each; made from `idleHomeLimits` unless given. */
  readonly homes?: Homes;
  /** What stays on this machine of sessions that do not run; see `IDLE_HOME_LIMITS` unless given. */
  readonly idleHomeLimits?: IdleHomeLimits;
  /** The token callers must show; an empty one refuses everybody. */
  readonly authToken: string;
  readonly leases: SessionLeases;
  readonly stops: StopRequests;
  /** Told of each run when it begins, with a promise of its very end: who closes the stores waits for it, for a reader may be gone long before. */
  readonly onRun?: (ended: Promise<void>) => void;
  /** How sessions are held; a lease of 15 s, renewed every second, unless given. */
  readonly leaseTiming?: LeaseTiming;
  /** The longest silence on a stream in ms; 10 s unless given. */
  readonly heartbeatMs?: number;
  /** Whose pages may use the API from a browser, such as `https://example.org`; nobody's unless given. */
  readonly corsOrigins?: readonly string[];
}

/** Room for the longest message in UTF-8, escaped as JSON, with its metadata. In bytes. */
const BODY_LIMIT_BYTES = 2 * 1024 * 1024;

/** Either request in one route, as AgentCore Runtime has it: with a `session_id`, it is a message to that session. */
export const INVOCATIONS = '/invocations';
const invocationSchema = z.looseObject({ session_id: z.string().optional() });

/**
 * One call that failed must not cost the turn. What is left out is tried again where it is called: a `put`, which may meet its own effect, and what keeps
 * a lease.
 */
function withPersistence(given: AppDeps): AppDeps {
  return {
    ...given,
    store: persistent(given.store, ['get', 'open', 'copy', 'list', 'renew', 'delete']),
    leases: persistent(given.leases, ['acquire', 'release']),
    table: persistent(given.table, ['find', 'save', 'refresh']),
  };
}

type AgentApp = Hono<{ Bindings: ServerBindings }>;
type ReadyDeps = AppDeps & TurnDeps;
type RequestContext = Context<{ Bindings: ServerBindings }>;

/**
 * @returns the agent server as a value: `app.fetch` answers requests, whatever listens for them. A platform that ends requests at a
 *   known time hands that over with each, as the second argument.
 */
export function createApp(given: AppDeps): AgentApp {
  const report = (error: unknown): void => given.onError(toAgentError(error), '');
  const homes = given.homes ?? new Homes(given.workRoot, report, given.idleHomeLimits);
  const deps: ReadyDeps = { ...withPersistence(given), homes };
  const app: AgentApp = new Hono();
  app.onError((error, context) => answerError(context, toAgentError(error), deps));
  app.notFound(() => {
    throw new AgentError('not_found', 'There is no such route');
  });
  if (deps.corsOrigins?.length) app.use(allowOrigins(deps.corsOrigins));
  app.get(routes.health, (context) => context.json({ status: 'ok' }));
  for (const path of ['/session/*', INVOCATIONS])
    app.use(
      path,
      authorise(deps.authToken),
      ofItsTenant(),
      bodyLimit({ maxSize: BODY_LIMIT_BYTES, onError: tooLarge }),
    );
  serveSessionFiles(app as unknown as Hono, deps);
  app.post(routes.create, (context) => create(context, deps));
  app.post(routes.message, (context) => message(context, deps, context.req.param()));
  app.post(INVOCATIONS, async (context) => {
    const { session_id: sessionId } = await readBody(context, invocationSchema);
    return sessionId === undefined
      ? create(context, deps)
      : message(context, deps, { session_id: sessionId });
  });
  return app;
}

/** With a key, a try meets what an earlier one stored; without one, every request is a session of its own. */
async function create(context: RequestContext, deps: ReadyDeps): Promise<Response> {
  const arrivedAtMs = performance.now();
  const request = await readBody(context, createSessionSchema);
  const key = idempotencyKey(context);
  const conversation = sessionKey(request.chat_id, request.thread_id);
  refuseOtherConversation(conversation, [
    request.metadata?.session_key,
    context.req.header(SESSION_KEY_HEADER),
  ]);
  const sessionId =
    key === undefined
      ? randomUUID()
      : deriveSessionId(
          await sessionIdKey(deps.store, (error) => deps.onError(toAgentError(error), '')),
          conversation,
          key,
        );
  return answer(context, deps, {
    sessionId,
    conversation,
    prepare: async (report) => ({
      stored: key === undefined ? NOTHING_STORED : await beginSession(deps.store, sessionId, report),
      mapping: {
        kind: 'claim',
        sessionKey: conversation,
        replaces: await deps.table.find(conversation),
      },
    }),
    userMessage: request.user_message,
    attachments: request.attachments,
    missingFiles: request.missing_files,
    idempotencyKey: key,
    metadata: request.metadata,
    arrivedAtMs,
    timeLimitMs: request.time_limit_ms,
    isReplayOnly: request.replay_only ?? false,
  });
}

async function message(context: RequestContext, deps: ReadyDeps, path: unknown): Promise<Response> {
  const arrivedAtMs = performance.now();
  const { session_id: sessionId } = parse(sessionPathSchema, path);
  const request = await readBody(context, sendMessageSchema);
  const named = context.req.header(SESSION_KEY_HEADER);
  const conversation = request.metadata?.session_key ?? named;
  if (conversation !== undefined) {
    refuseOtherConversation(conversation, [named]);
    await refuseOtherSession(conversation, sessionId, deps);
  }
  return answer(context, deps, {
    sessionId,
    conversation,
    prepare: async (report) => ({
      stored: await openSession(deps.store, sessionId, report),
      mapping: conversation === undefined ? undefined : { kind: 'refresh', sessionKey: conversation },
    }),
    userMessage: request.user_message,
    attachments: request.attachments,
    missingFiles: request.missing_files,
    idempotencyKey: idempotencyKey(context),
    metadata: request.metadata,
    arrivedAtMs,
    timeLimitMs: request.time_limit_ms,
    isReplayOnly: request.replay_only ?? false,
  });
}

type Prepared = Pick<TurnToRun, 'stored' | 'mapping'>;

interface Asked extends Omit<TurnToRun, keyof Prepared | 'answered' | 'signal' | 'held' | 'deadlineAtMs'> {
  /** Called when the session is held: what another holder wrote until a moment ago counts. */
  readonly prepare: (report: (error: unknown) => void) => Promise<Prepared>;
  /** Whether only an answer that is saved is asked for. */
  readonly isReplayOnly: boolean;
}

async function answer(context: RequestContext, deps: ReadyDeps, asked: Asked): Promise<Response> {
  const { prepare, isReplayOnly, ...turn } = asked;
  if (isReplayOnly && turn.idempotencyKey === undefined)
    throw new AgentError('bad_request', 'replay_only: needs an Idempotency-Key');
  const report = (error: unknown): void => deps.onError(toAgentError(error), turn.sessionId);
  const held = await holdSession(deps.leases, turn.sessionId, {
    isStopped: () => isStopped(deps, asked),
    onError: report,
    ...(deps.leaseTiming === undefined ? {} : { leaseTiming: deps.leaseTiming }),
  });
  const abort = new AbortController();
  try {
    const prepared = await prepare(report);
    // Refused here, with a status of its own, and before anything of the session is touched.
    const answered = replayable(prepared.stored, turn.idempotencyKey, turn);
    if (isReplayOnly && (answered === undefined || answered.is_unfinished))
      throw new AgentError('not_found', 'No finished answer is saved under this Idempotency-Key');
    const deadlineAtMs = deadlineOf(context.env);
    const run = runTurn({ ...turn, ...prepared, answered, deadlineAtMs, held, signal: abort.signal }, deps);
    const events = releasing(run, held, deps);
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

async function isStopped(deps: AppDeps, { conversation, metadata }: Asked): Promise<boolean> {
  if (conversation === undefined || metadata?.update_id === undefined) return false;
  return deps.stops.isStopped(conversation, metadata.update_id);
}

/** Who serves the app by its `fetch` alone hands no bindings over. */
function deadlineOf(bindings: ServerBindings | undefined): number | undefined {
  return bindings?.deadlineAtMs;
}

function tooLarge(): never {
  throw new AgentError('too_large', `The body is larger than ${BODY_LIMIT_BYTES} bytes`);
}

function answerError(context: Context, error: AgentError, deps: AppDeps): Response {
  const status = httpStatusOf(error.code);
  if (status >= 500) deps.onError(error, '');
  return context.json({ error: error.toWire() }, status);
}

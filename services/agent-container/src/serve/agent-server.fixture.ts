import { join } from 'node:path';
import type { ReadableStreamReadResult } from 'node:stream/web';
import {
  IDEMPOTENCY_HEADER,
  messagePath,
  NDJSON_MEDIA_TYPE,
  routes,
  type RunEvent,
  runEventSchema,
} from '@omnicloud/protocol';
import { SqliteSessionTable, SqliteStopRequests } from '@omnicloud/storage';
import { onTestFinished } from 'vitest';
import type { AgentError } from '../errors.ts';
import { DEFAULT_AGENT_FOLDER } from '../run/agent-image.ts';
import { ScriptedRuntime } from '../run/scripted-runtime.fixture.ts';
import { DirectorySessionStore } from '../session/store/directory-session-store.ts';
import { RecordingSessionStore } from '../session/store/recording-session-store.fixture.ts';
import { SqliteSessionLeases } from '../session/lease/sqlite-session-leases.ts';
import { temporaryDirectory } from '../session/home/temporary-directory.fixture.ts';
import { type AppDeps, createApp } from './app.ts';
import type { ServerBindings } from './turn/run-limit.ts';

export const TOKEN = 'the-token-of-this-server';

export interface AgentServer {
  readonly app: ReturnType<typeof createApp>;
  readonly runtime: ScriptedRuntime;
  readonly store: RecordingSessionStore;
  readonly table: SqliteSessionTable;
  /** What `onError` was told: the error and the session it belongs to. */
  readonly reported: { error: AgentError; sessionId: string }[];
  /** Sends a request as it is, with the right token unless other headers are given. */
  post(path: string, body: string, headers?: Record<string, string>, signal?: AbortSignal): Promise<Response>;
  get(path: string): Promise<Response>;
  /** As `get`, with the right token. */
  show(path: string): Promise<Response>;
  /** Asks as a browser does before it sends a page's request. */
  preflight(path: string, origin: string): Promise<Response>;
  /** Sends a request as it is, with the right token, and reads the whole JSON answer. */
  ask(
    path: string,
    fields: object,
    options?: { key?: string; bindings?: ServerBindings },
  ): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Creates a session and reads the whole JSON answer. */
  create(fields?: object, signal?: AbortSignal): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Goes on with a session and reads the whole JSON answer. */
  send(sessionId: string, text?: string): Promise<{ status: number; body: Record<string, unknown> }>;
  /** As `create` and `send`, but as a stream of events. */
  createStream(fields?: object): Promise<EventReader>;
  sendStream(sessionId: string): Promise<EventReader>;
}

/** Reads a stream of events one by one. */
interface EventReader {
  /** @returns undefined when the stream has ended. */
  next(): Promise<RunEvent | undefined>;
  rest(): Promise<RunEvent[]>;
  goAway(): Promise<void>;
}

/** The app with a scripted runtime and a real store and table in a directory of the test. */
export async function agentServer(overrides: Partial<AppDeps> = {}): Promise<AgentServer> {
  const root = await temporaryDirectory();
  const runtime = new ScriptedRuntime();
  const store = new RecordingSessionStore(new DirectorySessionStore(join(root, 'objects')));
  const table = new SqliteSessionTable({ directory: join(root, 'table') });
  const leases = new SqliteSessionLeases({ directory: join(root, 'table') });
  const stops = new SqliteStopRequests({ directory: join(root, 'table') });
  onTestFinished(() => {
    for (const file of [table, leases, stops]) file.close();
  });
  const reported: AgentServer['reported'] = [];
  const app = createApp({
    store,
    table,
    leases,
    stops,
    runtime,
    workRoot: join(root, 'work'),
    imageFolder: DEFAULT_AGENT_FOLDER,
    onError: (error, sessionId) => reported.push({ error, sessionId }),
    authToken: TOKEN,
    saveRetryDelaysMs: [0, 0, 0],
    ...overrides,
  });
  const post: AgentServer['post'] = async (path, body, headers, signal) =>
    app.request(path, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        ...(headers ?? { authorization: `Bearer ${TOKEN}` }),
      },
      signal: signal ?? null,
    });
  const ask: AgentServer['ask'] = async (path, fields, { key, bindings } = {}) =>
    wholeBody(
      await app.request(
        path,
        {
          method: 'POST',
          body: JSON.stringify(fields),
          headers: {
            authorization: `Bearer ${TOKEN}`,
            'content-type': 'application/json',
            ...(key === undefined ? {} : { [IDEMPOTENCY_HEADER]: key }),
          },
        },
        bindings,
      ),
    );
  const firstMessage = (fields: object): string =>
    JSON.stringify({ chat_id: '-100', user_message: 'Hi', ...fields });
  const nextMessage = (text: string): string => JSON.stringify({ user_message: text });
  const streamed = { authorization: `Bearer ${TOKEN}`, accept: NDJSON_MEDIA_TYPE };
  return {
    app,
    runtime,
    store,
    table,
    reported,
    post,
    get: async (path) => app.request(path),
    show: async (path) => app.request(path, { headers: { authorization: `Bearer ${TOKEN}` } }),
    ask,
    preflight: async (path, origin) =>
      app.request(path, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } }),
    create: async (fields = {}, signal) =>
      wholeBody(await post(routes.create, firstMessage(fields), undefined, signal)),
    send: async (sessionId, text = 'And now?') =>
      wholeBody(await post(messagePath(sessionId), nextMessage(text))),
    createStream: async (fields = {}) =>
      eventReader(await post(routes.create, firstMessage(fields), streamed)),
    sendStream: async (sessionId) =>
      eventReader(await post(messagePath(sessionId), nextMessage('And now?'), streamed)),
  };
}

async function wholeBody(response: Response): Promise<{ status: number; body: Record<string, unknown> }> {
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** The server writes one event per chunk, so that each goes out at once. */
function eventReader(response: Response): EventReader {
  const reader = response.body?.getReader();
  if (!reader) throw new Error('The response has no body');
  const next = async (): Promise<RunEvent | undefined> => {
    const chunk = (await reader.read()) as ReadableStreamReadResult<Uint8Array>;
    return chunk.done
      ? undefined
      : runEventSchema.parse(JSON.parse(Buffer.from(chunk.value).toString('utf8')));
  };
  return {
    next,
    rest: async () => {
      const events: RunEvent[] = [];
      for (let event = await next(); event; event = await next()) events.push(event);
      return events;
    },
    goAway: () => reader.cancel(),
  };
}

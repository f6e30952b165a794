// a request of the bot → recorded → the scripted events or error
import {
  ARCHIVE_MEDIA_TYPE,
  encodeEvent,
  fileRoutes,
  httpStatusOf,
  messagePath,
  NDJSON_MEDIA_TYPE,
  routes,
  type RunEvent,
  wireError,
  type WireErrorCode,
} from '@omnicloud/protocol';
import { Hono } from 'hono';
import type { AgentServer } from './agent-client.ts';

export const SESSION = '0190c8a4-0000-4000-8000-000000000001';
export const AUTH_TOKEN = 'agent-server-token';

export const ACCEPTED: RunEvent = { type: 'accepted', session_id: SESSION, is_new: true };
export const HEARTBEAT: RunEvent = { type: 'heartbeat' };
export const FINISHED: RunEvent = {
  type: 'finished',
  session_id: SESSION,
  usage: { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 },
  is_stopped: false,
  cost_usd: 0.01,
  turns: 1,
  duration_ms: { restore: 1, run: 1, persist: 1, total: 3 },
};

export interface AgentCall {
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
}

export type AgentAnswer = (() => Response) | (() => Promise<Response>);

/**
 * The agent server's routes in this process; answers with what was scripted, in order. A request for a saved answer alone is answered with what was
 * saved, in order, and refused when there is nothing.
 */
export class ScriptedAgent {
  readonly calls: AgentCall[] = [];
  readonly #answers: AgentAnswer[] = [];
  readonly #saved: AgentAnswer[] = [];
  readonly #app = new Hono();

  constructor() {
    this.#app.onError((error) => {
      throw error;
    });
    this.#app.post(routes.create, ({ req }) => this.#answer(req.raw));
    this.#app.post(routes.message, ({ req }) => this.#answer(req.raw));
    for (const route of Object.values(fileRoutes)) this.#app.get(route, ({ req }) => this.#answer(req.raw));
  }

  get server(): AgentServer & { fetch: typeof fetch } {
    return {
      url: 'http://agent.test',
      authToken: AUTH_TOKEN,
      fetch: (input, init) => Promise.resolve(this.#app.fetch(new Request(input, init))),
    };
  }

  get paths(): string[] {
    return this.calls.map(({ path }) => path);
  }

  script(...answers: AgentAnswer[]): void {
    this.#answers.push(...answers);
  }

  save(...answers: AgentAnswer[]): void {
    this.#saved.push(...answers);
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const body: unknown = request.body && (await request.json());
    this.calls.push({ path: pathname, headers: request.headers, body });
    const answer = asksForSaved(body)
      ? (this.#saved.shift() ?? refusing('not_found'))
      : this.#answers.shift();
    if (!answer) throw new Error(`Nothing is scripted for ${pathname}`);
    return answer();
  }
}

function asksForSaved(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'replay_only' in body && body.replay_only === true;
}

export const MESSAGE_PATH = messagePath(SESSION);
/** There is no agent server. */
export const DOWN: AgentAnswer = () => Promise.reject(new TypeError('fetch failed'));

export function text(delta: string, offset = 0): RunEvent {
  return { type: 'text', offset, delta };
}

export function tool(phase: 'started' | 'succeeded', line: string): RunEvent {
  return { type: 'tool', tool_use_id: line, name: 'Bash', phase, line };
}

/** @returns a run that streams the events and no more; one that is a promise is waited for. */
export function streamed(events: Iterable<RunEvent | Promise<RunEvent>>): AgentAnswer {
  async function* lines(): AsyncGenerator<Uint8Array, void, undefined> {
    for (const event of events) yield new TextEncoder().encode(encodeEvent(await event));
  }
  return () => new Response(ReadableStream.from(lines()), { headers: { 'content-type': NDJSON_MEDIA_TYPE } });
}

/** @returns a run that ends well with this answer. */
export function answered(answer: string): AgentAnswer {
  return streamed([ACCEPTED, { type: 'answer', text: answer }, FINISHED]);
}

/** @returns a run that begins, streams the events and ends in the error. */
export function failing(
  code: WireErrorCode,
  events: Iterable<RunEvent | Promise<RunEvent>> = [],
): AgentAnswer {
  return streamed([ACCEPTED, ...events, { type: 'failed', error: wireError(code, 'for the log alone') }]);
}

/** @returns a list of files; only paths and sizes matter. */
export function listing(files: Readonly<Record<string, number>>): AgentAnswer {
  const modified = '2026-01-02T03:04:05.000Z';
  return () =>
    Response.json({ files: Object.entries(files).map(([path, size]) => ({ path, size, modified })) });
}

/** @returns an archive that arrives in these pieces. */
export function archived(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AgentAnswer {
  return () => new Response(ReadableStream.from(pieces), { headers: { 'content-type': ARCHIVE_MEDIA_TYPE } });
}

/** @returns a request that is refused with the error's own HTTP status. */
export function refusing(code: WireErrorCode): AgentAnswer {
  return () => Response.json({ error: wireError(code, 'for the log alone') }, { status: httpStatusOf(code) });
}

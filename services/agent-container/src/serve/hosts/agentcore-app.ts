// POST /invocations → /session/create | /session/{id}/message → JSON, or its events as server-sent ones
import { NDJSON_MEDIA_TYPE } from '@omnicloud/protocol';
import { Hono } from 'hono';
import type { AgentServer } from '../../open-agent-server.ts';
import { INVOCATIONS } from '../app.ts';

const SSE_MEDIA_TYPE = 'text/event-stream';
/** The platform takes the caller's `Authorization` for itself, and passes headers with this prefix on. */
const CUSTOM_AUTHORIZATION = 'x-amzn-bedrock-agentcore-runtime-custom-authorization';

/**
 * The agent server, and beside it what AgentCore Runtime asks of a container: `GET /ping` and `POST /invocations`
 * (https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-http-protocol-contract.html). An invocation is the body
 * of either request of the API; with a `session_id` it is a message to that session.
 */
export function createAgentCoreApp(server: Pick<AgentServer, 'fetch' | 'runs'>): Hono {
  const app = new Hono();
  let health = healthOf(server.runs);
  app.get('/ping', (context) => {
    const now = healthOf(server.runs);
    if (now.status !== health.status) health = now;
    return context.json(health);
  });
  app.post(INVOCATIONS, async (context) => {
    const { raw } = context.req;
    const wantsEvents = raw.headers.get('accept')?.includes(SSE_MEDIA_TYPE) === true;
    const response = await server.fetch(innerRequest(raw, wantsEvents));
    return wantsEvents && response.ok ? asServerSentEvents(response) : response;
  });
  app.all('*', (context) => server.fetch(context.req.raw));
  return app;
}

interface Health {
  readonly status: 'Healthy' | 'HealthyBusy';
  readonly time_of_last_update: number;
}

/**
 * Whoever leaves the time out has a session that is taken for idle, and is ended in the middle of a run, however busy it says it is
 * (https://github.com/aws/bedrock-agentcore-sdk-python/issues/471).
 * @returns the health that begins now, in s since 1970.
 */
function healthOf(runs: number): Health {
  return {
    status: runs > 0 ? 'HealthyBusy' : 'Healthy',
    time_of_last_update: Math.floor(Date.now() / 1_000),
  };
}

/** The body passes unread: who sends it has not shown the token yet. */
function innerRequest(request: Request, wantsEvents: boolean): Request {
  const headers = new Headers(request.headers);
  const authorization = headers.get(CUSTOM_AUTHORIZATION);
  if (authorization !== null) headers.set('authorization', authorization);
  if (wantsEvents) headers.set('accept', NDJSON_MEDIA_TYPE);
  const { url, body, signal } = request;
  return new Request(new URL(INVOCATIONS, url), { method: 'POST', headers, body, signal, duplex: 'half' });
}

/** One event a line becomes one event a block; JSON has no line break of its own. */
function asServerSentEvents(response: Response): Response {
  let rest = '';
  const blocks = new TransformStream<string, string>({
    transform(text, controller) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) controller.enqueue(`data: ${line}\n\n`);
    },
  });
  const body = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(blocks);
  return new Response(body?.pipeThrough(new TextEncoderStream()) ?? null, {
    headers: { 'content-type': SSE_MEDIA_TYPE, 'cache-control': 'no-store' },
  });
}

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeEvent, httpStatusOf, NDJSON_MEDIA_TYPE, wireError } from '@omnicloud/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AgentUnreachableError } from '../../errors.ts';
import { type AgentServer, askAgent } from './agent-client.ts';
import { ACCEPTED, AUTH_TOKEN, HEARTBEAT } from './agent-server.fixture.ts';
import { all, errorOf, NEVER, REQUEST } from './asking.fixture.ts';

describe('over a real connection', () => {
  let http: Server | undefined;
  afterEach(async () => {
    vi.useRealTimers();
    http?.closeAllConnections();
    await new Promise((resolve) => (http ? http.close(resolve) : resolve(undefined)));
    http = undefined;
  });

  /** Starts a server that answers every request so. */
  async function serve(answer: (response: ServerResponse) => void): Promise<AgentServer> {
    const server = createServer((_request, response) => answer(response));
    http = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, authToken: AUTH_TOKEN };
  }

  /** Answers with one event and leaves the stream open. */
  function begin(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': NDJSON_MEDIA_TYPE });
    response.write(encodeEvent(ACCEPTED));
  }

  it('a refusal of the server arrives as it was meant', async () => {
    const error = wireError('session_busy', 'busy');
    const server = await serve((response) => {
      response.writeHead(httpStatusOf(error.code)).end(JSON.stringify({ error }));
    });
    expect(await all(server)).toEqual([{ type: 'failed', error }]);
  });

  it('a server that is not there can be tried again later', async () => {
    const server = await serve((response) => response.end());
    await new Promise((resolve) => http?.close(resolve));
    const error = await errorOf(all(server));
    expect(error).toMatchObject({
      retryable: true,
      isAway: true,
      cause: { cause: { code: 'ECONNREFUSED' } },
    });
  });

  it('a connection that is cut in the middle of an answer can be tried again later', async () => {
    const server = await serve(begin);
    const events = askAgent(server, REQUEST, NEVER);
    expect(await events.next()).toEqual({ done: false, value: ACCEPTED });
    http?.closeAllConnections();
    expect(await errorOf(events.next())).toMatchObject({
      code: 'agent_unreachable',
      retryable: true,
      isAway: false,
    });
  });

  it('a server that never begins to answer is given up after the silence', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const asked = Promise.withResolvers<undefined>();
    const mute = await serve(() => asked.resolve(undefined));
    const failure = errorOf(all({ ...mute, silenceMs: 30_000 }));
    await asked.promise;
    vi.advanceTimersByTime(30_000);
    expect(await failure).toMatchObject({
      retryable: true,
      isAway: true,
      cause: { message: 'No byte came for 30000 ms' },
    });
  });

  it('each byte starts the silence anew, and the last one is not waited for longer', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const responses: ServerResponse[] = [];
    const server = await serve((response) => {
      begin(response);
      responses.push(response);
    });
    const events = askAgent({ ...server, silenceMs: 30_000 }, REQUEST, NEVER);
    await events.next();
    for (let beat = 0; beat < 5; beat += 1) {
      vi.advanceTimersByTime(26_000);
      responses[0]?.write(encodeEvent(HEARTBEAT));
      expect(await events.next()).toEqual({ done: false, value: HEARTBEAT });
    }
    vi.advanceTimersByTime(30_000);
    expect(await errorOf(events.next())).toMatchObject({ retryable: true });
  });

  it('an abort ends the request, before and in the middle of an answer', async () => {
    const begun = Promise.withResolvers<undefined>();
    const server = await serve((response) => {
      begin(response);
      response.on('close', () => begun.resolve(undefined));
    });
    const stop = new AbortController();
    const events = askAgent(server, REQUEST, stop.signal);
    await events.next();
    stop.abort();
    expect(await errorOf(events.next())).toBeInstanceOf(AgentUnreachableError);
    await begun.promise;
    expect(await errorOf(all(server, {}, AbortSignal.abort()))).toBeInstanceOf(AgentUnreachableError);
  });

  it('a reader that stops early closes the connection', async () => {
    const closed = Promise.withResolvers<undefined>();
    const server = await serve((response) => {
      begin(response);
      response.on('close', () => closed.resolve(undefined));
    });
    for await (const event of askAgent(server, REQUEST, NEVER)) {
      expect(event).toEqual(ACCEPTED);
      break;
    }
    await closed.promise;
  });
});

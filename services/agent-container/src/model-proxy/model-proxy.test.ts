import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../session/home/temporary-directory.fixture.ts';
import {
  ASKING,
  begin,
  call,
  INVOKE,
  MODEL,
  REGION,
  KEYS,
  startProxy,
  STREAM,
} from './proxy-client.fixture.ts';
import { bedrockFrame, MESSAGE_EVENTS, MESSAGE_USAGE } from './streamed-message.fixture.ts';
import { signatureProblem, startUpstream, type Received } from './upstream-server.fixture.ts';

const GRANT = { sessionId: 'a-session' };
const BEDROCK_STREAM = 'application/vnd.amazon.eventstream';
const MESSAGE = JSON.stringify({ content: [], usage: MESSAGE_USAGE });
const whole = ({ response }: Received): void => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(MESSAGE);
};

describe('a call', () => {
  it('reaches Bedrock signed with our keys, and with none of the headers that are about the CLI', async () => {
    const upstream = await startUpstream(whole);
    const proxy = await startProxy(upstream.url);
    const headers = {
      'content-type': 'application/json',
      'accept-encoding': 'gzip',
      authorization: 'Bearer of-the-cli',
      'x-amz-security-token': 'x',
      cookie: 'a=b',
      connection: 'keep-alive, x-amz-date',
    };
    const answer = await call(proxy, proxy.open(GRANT), { path: INVOKE, headers });
    expect([answer.status, answer.text]).toEqual([200, MESSAGE]);
    const [received] = upstream.received;
    if (!received) throw new Error('Nothing arrived');
    expect([received.method, received.target]).toEqual(['POST', INVOKE]);
    expect(received.body.toString()).toBe(ASKING);
    expect(signatureProblem(received, KEYS, REGION)).toBeUndefined();
    expect(received.headers).toMatchObject({
      'content-type': 'application/json',
      'accept-encoding': 'identity',
    });
    expect(received.headers).not.toHaveProperty('cookie');
    expect(received.headers).not.toHaveProperty('x-amz-security-token');
  });

  it.each([
    ['a version', 'anthropic.claude-sonnet-4-5-v1:0'],
    ['an ARN', 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1'],
  ])('is signed rightly for a model whose id has %s, below a path of the endpoint', async (_, id) => {
    const upstream = await startUpstream(whole);
    const proxy = await startProxy(`${upstream.url}/base/path/`, { allows: (model) => model === id });
    const { status } = await call(proxy, proxy.open(GRANT), {
      path: `/model/${encodeURIComponent(id)}/invoke`,
    });
    expect(status).toBe(200);
    const [received] = upstream.received;
    if (!received) throw new Error('Nothing arrived');
    expect(received.target).toBe(`/base/path/model/${encodeURIComponent(id)}/invoke`);
    expect(signatureProblem(received, KEYS, REGION)).toBeUndefined();
  });

  it('is answered chunk by chunk: each is there before the next was sent', async () => {
    const upstream = await startUpstream(({ response }) => {
      response.writeHead(200, { 'content-type': BEDROCK_STREAM }).flushHeaders();
    });
    const proxy = await startProxy(upstream.url);
    const response = await begin(proxy, `/${proxy.open(GRANT).token}${STREAM}`).response;
    expect(response.headers['content-type']).toBe(BEDROCK_STREAM);
    for (const event of MESSAGE_EVENTS) {
      const frame = bedrockFrame(event);
      upstream.received[0]?.response.write(frame);
      const [chunk] = (await once(response, 'data')) as [Buffer];
      expect(chunk.equals(frame)).toBe(true);
    }
    upstream.received[0]?.response.end();
    await once(response, 'end');
  });

  it('does not let a slow reader fill our memory', async () => {
    const frame = bedrockFrame({ type: 'content_block_delta', delta: { text: 'x'.repeat(100_000) } });
    let sent = 0;
    const upstream = await startUpstream(({ response }) => {
      response.writeHead(200, { 'content-type': BEDROCK_STREAM });
      const write = (): void => {
        while (sent < 1_000) {
          sent += 1;
          if (!response.write(frame)) {
            response.once('drain', write);
            return;
          }
        }
        response.end();
      };
      write();
    });
    const proxy = await startProxy(upstream.url);
    const response = await begin(proxy, `/${proxy.open(GRANT).token}${STREAM}`).response;
    // Nothing is read: at some point nothing more goes out either.
    let before = -1;
    await expect
      .poll(
        () => {
          const isStill = sent === before;
          before = sent;
          return isStill;
        },
        { interval: 200, timeout: 10_000 },
      )
      .toBe(true);
    expect(sent).toBeLessThan(500);
    expect((await response.toArray()).length).toBeGreaterThan(0);
    expect(sent).toBe(1_000);
  });

  it('that the CLI gives up is given up upstream at once', async () => {
    const upstream = await startUpstream(({ response }) => {
      response.writeHead(200, { 'content-type': BEDROCK_STREAM }).flushHeaders();
    });
    const errors: unknown[] = [];
    const proxy = await startProxy(upstream.url, { onError: (error) => errors.push(error) });
    const grant = proxy.open(GRANT);
    const streaming = begin(proxy, `/${grant.token}${STREAM}`);
    await streaming.response;
    streaming.request.destroy();
    await upstream.received[0]?.cut;
    expect([errors, grant.failure]).toEqual([[], undefined]);
  });

  it('gets the provider’s own error, untouched', async () => {
    const upstream = await startUpstream(({ response }) => {
      response
        .writeHead(429, {
          'content-type': 'application/json',
          'x-amzn-errortype': 'ThrottlingException',
          'retry-after': '3',
          'set-cookie': 'a=b',
        })
        .end('{"message":"slow down"}');
    });
    const proxy = await startProxy(upstream.url);
    const { status, headers, text } = await call(proxy, proxy.open(GRANT), { path: STREAM });
    expect([status, text]).toEqual([429, '{"message":"slow down"}']);
    expect(headers).toMatchObject({ 'x-amzn-errortype': 'ThrottlingException', 'retry-after': '3' });
    expect(headers).not.toHaveProperty('set-cookie');
  });
});

describe('a grant', () => {
  it('is needed: without a live one nothing is told, and nothing goes out', async () => {
    const upstream = await startUpstream(whole);
    const proxy = await startProxy(upstream.url);
    const closed = proxy.open(GRANT);
    const open = proxy.open(GRANT);
    closed.close();
    const almost = open.token.slice(0, -1) + (open.token.endsWith('A') ? 'B' : 'A');
    for (const token of ['A'.repeat(43), closed.token, almost, open.token.toLowerCase(), '']) {
      const { status, text } = await call(proxy, { token }, { path: INVOKE });
      expect([status, text]).toEqual([404, '']);
    }
    expect(upstream.received).toEqual([]);
  });

  it('that is closed ends what it began, and no other’s', async () => {
    const upstream = await startUpstream(({ response }) => {
      response.writeHead(200, { 'content-type': BEDROCK_STREAM }).flushHeaders();
    });
    const proxy = await startProxy(upstream.url);
    const [mine, others] = [proxy.open(GRANT), proxy.open(GRANT)];
    const [first, second] = await Promise.all(
      [mine, others].map(({ token }) => begin(proxy, `/${token}${STREAM}`).response),
    );
    const cut = first?.toArray();
    mine.close();
    await expect(cut).rejects.toThrow();
    const rest = second?.toArray();
    for (const { response } of upstream.received) response.end(bedrockFrame({ type: 'ping' }));
    expect(await rest).toHaveLength(1);
  });

  it('of a run that is stopped passes no further call on, and leaves it to the CLI to give that up', async () => {
    const upstream = await startUpstream(whole);
    const proxy = await startProxy(upstream.url);
    const stop = new AbortController();
    const grant = proxy.open({ ...GRANT, stopped: stop.signal });
    expect((await call(proxy, grant, { path: INVOKE })).status).toBe(200);
    stop.abort();
    const { request, response } = begin(proxy, `/${grant.token}${INVOKE}`);
    const failed = expect(response).rejects.toThrow();
    // A call of another run, made after it, is answered before it.
    expect((await call(proxy, proxy.open(GRANT), { path: INVOKE })).status).toBe(200);
    expect(upstream.received).toHaveLength(2);
    request.destroy(new Error('The CLI gives up'));
    await failed;
    expect(upstream.received).toHaveLength(2);
    expect(grant.failure).toBeUndefined();
  });

  it('counts the tokens of all its calls', async () => {
    const upstream = await startUpstream((received) => {
      if (received.target === INVOKE) {
        whole(received);
        return;
      }
      const frames = Buffer.concat(MESSAGE_EVENTS.map(bedrockFrame));
      received.response.writeHead(200, { 'content-type': BEDROCK_STREAM }).end(frames);
    });
    const proxy = await startProxy(upstream.url);
    const [grant, other] = [proxy.open(GRANT), proxy.open(GRANT)];
    await call(proxy, grant, { path: INVOKE });
    await call(proxy, grant, { path: STREAM });
    expect(grant.usage()).toEqual({
      input_tokens: 200,
      output_tokens: 14,
      cache_read_input_tokens: 40,
      cache_creation_input_tokens: 6,
    });
    expect(other.usage().input_tokens).toBe(0);
  });

  it('over its limit begins no further call, and says so in Bedrock’s words', async () => {
    const upstream = await startUpstream(whole);
    const proxy = await startProxy(upstream.url);
    const grant = proxy.open({ ...GRANT, tokenLimit: 130 });
    expect((await call(proxy, grant, { path: INVOKE })).status).toBe(200);
    expect(grant.isOverBudget).toBe(false);
    const { status, headers, text } = await call(proxy, grant, { path: INVOKE });
    expect([status, headers['x-amzn-errortype']]).toEqual([400, 'ServiceQuotaExceededException']);
    expect(JSON.parse(text)).toEqual({ message: expect.stringContaining('limit') as unknown });
    expect(grant.isOverBudget).toBe(true);
    expect(upstream.received).toHaveLength(1);
    expect((await call(proxy, proxy.open(GRANT), { path: INVOKE })).status).toBe(200);
  });

  it('does not count against its limit what only counts tokens', async () => {
    const upstream = await startUpstream(({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"inputTokens":999}');
    });
    const proxy = await startProxy(upstream.url);
    const grant = proxy.open({ ...GRANT, tokenLimit: 1 });
    const answers = [
      await call(proxy, grant, { path: `/model/${MODEL}/count-tokens` }),
      await call(proxy, grant, { path: `/model/${MODEL}/count-tokens` }),
    ];
    expect(answers.map(({ text }) => text)).toEqual(['{"inputTokens":999}', '{"inputTokens":999}']);
    expect(grant.usage().input_tokens).toBe(0);
  });
});

describe('with a grant', () => {
  it('no other model can be called, and nothing but models', async () => {
    const upstream = await startUpstream(whole);
    const proxy = await startProxy(upstream.url);
    const grant = proxy.open(GRANT);
    for (const [method, path] of [
      ['POST', '/model/amazon.nova-pro-v1:0/invoke'],
      ['POST', `/model/${MODEL}/converse`],
      ['POST', `/model/${MODEL}%252Finvoke`],
      ['POST', `/model/../model/${MODEL}/invoke`],
      ['GET', '/foundation-models'],
      ['DELETE', INVOKE],
    ] as const) {
      const { status, headers } = await call(proxy, grant, { path, method });
      expect([status, headers['x-amzn-errortype']]).toEqual([403, 'AccessDeniedException']);
    }
    expect(upstream.received).toEqual([]);
  });

  it('the list of inference profiles is empty, and asked of nobody', async () => {
    const upstream = await startUpstream(whole);
    const proxy = await startProxy(upstream.url);
    const { status, text } = await call(proxy, proxy.open(GRANT), {
      path: '/inference-profiles',
      method: 'GET',
    });
    expect([status, text]).toEqual([200, '{"inferenceProfileSummaries":[]}']);
    expect(upstream.received).toEqual([]);
  });

  it('the connection stays what it is: no tunnel, no other protocol, no other host', async () => {
    const upstream = await startUpstream(whole);
    const proxy = await startProxy(upstream.url);
    const { token } = proxy.open(GRANT);
    const { host, port } = new URL(proxy.url);
    for (const head of [
      `CONNECT 127.0.0.1:${upstream.port} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      `POST /${token}${INVOKE} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      `POST ${upstream.url}/${token}${INVOKE} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`,
    ]) {
      const socket = createConnection(Number(port), '127.0.0.1');
      socket.write(head);
      const said = Buffer.concat((await socket.toArray()) as Buffer[]).toString();
      expect(said).toMatch(/^$|^HTTP\/1\.1 404 /);
    }
    expect(upstream.received).toEqual([]);
  });

  it('a body without end is refused', async () => {
    const upstream = await startUpstream(whole);
    const proxy = await startProxy(upstream.url);
    const headers = { 'content-length': String(33 * 1024 * 1024) };
    const response = await begin(proxy, `/${proxy.open(GRANT).token}${INVOKE}`, { headers, body: 'x' })
      .response;
    expect(response.statusCode).toBe(413);
    response.destroy();
    expect(upstream.received).toEqual([]);
  });
});

describe('when the provider', () => {
  it('cannot be reached, the CLI hears 503 and the grant knows why', async () => {
    const upstream = await startUpstream(whole);
    await upstream.close();
    const errors: unknown[] = [];
    const proxy = await startProxy(upstream.url, { onError: (error) => errors.push(error) });
    const grant = proxy.open(GRANT);
    const { status, headers } = await call(proxy, grant, { path: INVOKE });
    expect([status, headers['x-amzn-errortype']]).toEqual([503, 'ServiceUnavailableException']);
    expect(grant.failure).toMatchObject({ code: 'model_unavailable', cause: { code: 'ECONNREFUSED' } });
    expect(errors).toEqual([grant.failure]);
  });

  it('is back, its failure is forgotten', async () => {
    let isBroken = true;
    const upstream = await startUpstream((received) => {
      if (isBroken) received.response.destroy();
      else whole(received);
    });
    const proxy = await startProxy(upstream.url);
    const grant = proxy.open(GRANT);
    expect((await call(proxy, grant, { path: INVOKE })).status).toBe(503);
    isBroken = false;
    expect((await call(proxy, grant, { path: INVOKE })).status).toBe(200);
    expect(grant.failure).toBeUndefined();
  });

  it('breaks off in the middle, so does the answer', async () => {
    const upstream = await startUpstream(({ response }) => {
      response.writeHead(200, { 'content-type': BEDROCK_STREAM });
      response.write(bedrockFrame({ type: 'ping' }), () => response.destroy());
    });
    const proxy = await startProxy(upstream.url);
    const response = await begin(proxy, `/${proxy.open(GRANT).token}${STREAM}`).response;
    await expect(response.toArray()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('says nothing for too long, the call ends', async () => {
    const upstream = await startUpstream(() => undefined);
    const proxy = await startProxy(upstream.url, { idleTimeoutMs: 50 });
    expect((await call(proxy, proxy.open(GRANT), { path: INVOKE })).status).toBe(503);
    await upstream.received[0]?.cut;
  });

  it('answers what cannot be counted, the answer is withheld', async () => {
    const upstream = await startUpstream(({ response }) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
    });
    const proxy = await startProxy(upstream.url);
    const { status, text } = await call(proxy, proxy.open(GRANT), { path: INVOKE });
    expect([status, text.includes('Welcome')]).toEqual([503, false]);
  });

  it('has closed a connection that we kept, the call is made anew', async () => {
    let connections = 0;
    const upstream = createServer((socket) => {
      connections += 1;
      let requests = 0;
      socket
        .on('error', () => undefined)
        .on('data', () => {
          requests += 1;
          if (requests > 1) socket.resetAndDestroy();
          else
            socket.write(
              `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${MESSAGE.length}\r\n\r\n${MESSAGE}`,
            );
        });
    });
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    onTestFinished(() => void upstream.close());
    const proxy = await startProxy(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, {
      credentials: {
        get: () => Promise.resolve({ kind: 'none' }),
        refresh: () => Promise.reject(new Error()),
      },
    });
    const grant = proxy.open(GRANT);
    expect((await call(proxy, grant, { path: INVOKE })).status).toBe(200);
    expect((await call(proxy, grant, { path: INVOKE })).status).toBe(200);
    expect(connections).toBe(2);
  });
});

it('serves a unix socket too, until that is ended', async () => {
  const upstream = await startUpstream(whole);
  const proxy = await startProxy(upstream.url);
  const grant = proxy.open(GRANT);
  const socketPath = join(await temporaryDirectory(), 'model.sock');
  const end = await proxy.listenOn(socketPath);
  expect((await call(proxy, grant, { path: INVOKE, socketPath })).status).toBe(200);
  expect((await call(proxy, { token: 'A'.repeat(43) }, { path: INVOKE, socketPath })).status).toBe(404);
  await end();
  await expect(stat(socketPath)).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await call(proxy, grant, { path: INVOKE })).status).toBe(200);
});

it('closes with everything that is under way', async () => {
  const upstream = await startUpstream(() => undefined);
  const proxy = await startProxy(upstream.url);
  const waiting = begin(proxy, `/${proxy.open(GRANT).token}${STREAM}`);
  await expect.poll(() => upstream.received.length).toBe(1);
  await proxy.close();
  await expect(waiting.response).rejects.toThrow();
  await upstream.received[0]?.cut;
});

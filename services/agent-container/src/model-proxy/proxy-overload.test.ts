import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { watchTurns } from './longest-turn.fixture.ts';
import type { ModelGrant } from './calls/model-grant.ts';
import type { ModelProxy } from './model-proxy.ts';
import { begin, call, INVOKE, MODEL, startProxy, STREAM } from './proxy-client.fixture.ts';
import { bedrockFrame, MESSAGE_USAGE } from './streamed-message.fixture.ts';
import { type Received, startUpstream, type UpstreamServer } from './upstream-server.fixture.ts';

const GRANT = { sessionId: 'a-session' };
const MB = 1024 * 1024;
const whole = ({ response }: Received): void => {
  const message = JSON.stringify({ content: [], usage: MESSAGE_USAGE });
  response.writeHead(200, { 'content-type': 'application/json' }).end(message);
};
const upstreamOf = (): Promise<UpstreamServer> => startUpstream(whole);
/** A busy machine is not what is tried here. */
const PATIENT = { bodyMs: 100_000, judgeMs: 100_000 };
const filled = (bytes: number): string => `{"messages":[],"system":"${'x'.repeat(bytes)}"}`;

/** A request of which only so much is sent; it is cut with the test. */
async function unfinished(
  proxy: ModelProxy,
  { token }: Pick<ModelGrant, 'token'>,
  { length, sent = '', path = INVOKE }: { length: number; sent?: string; path?: string },
): Promise<{ socket: Socket; said: Promise<string> }> {
  const { hostname, port, host } = new URL(proxy.url);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const said = once(socket, 'close').then(() => text);
  socket.write(`POST /${token}${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${length}\r\n\r\n${sent}`);
  await once(socket, 'connect');
  return { socket, said };
}

describe('a body', () => {
  it.each<[string, string | Buffer, number]>([
    ['of 30 MB of empty objects', `{"messages":[${'{},'.repeat(10 * MB)}{}]}`, 400],
    ['of 30 MB of brackets', `{"messages":${'['.repeat(15 * MB)}${']'.repeat(15 * MB)}}`, 400],
    ['with a number of 1 MB', `{"messages":[],"metadata":${'1'.repeat(MB)}}`, 400],
    ['with 100,000 fields', `{"messages":[],${'"a":1,'.repeat(100_000)}"b":1}`, 400],
    [
      'that is not UTF-8',
      Buffer.concat([Buffer.from('{"messages":[],"system":"'), Buffer.alloc(9, 0xff), Buffer.from('"}')]),
      403,
    ],
    ['that ends too early', '{"messages":[', 400],
  ])('%s is refused, for counting tokens as well, and blocks nobody', async (_, body, status) => {
    const upstream = await upstreamOf();
    const proxy = await startProxy(upstream.url);
    const grant = proxy.open(GRANT);
    const bytes = Buffer.from(body);
    const longestTurn = watchTurns();
    for (const path of [INVOKE, `/model/${MODEL}/count-tokens`]) {
      const { status: seen, headers } = await call(proxy, grant, { path, body: bytes });
      expect([seen, headers.connection]).toEqual([status, 'close']);
    }
    expect(longestTurn()).toBeLessThan(250);
    expect(upstream.received).toEqual([]);
    expect(grant.failure).toBeUndefined();
  });

  it.each<[string, Record<string, string>, string]>([
    ['is compressed', { 'content-encoding': 'gzip' }, 'compressed'],
    ['does not say its length', { 'transfer-encoding': 'chunked' }, 'how long'],
  ])('that %s is refused', async (_, headers, word) => {
    const upstream = await upstreamOf();
    const proxy = await startProxy(upstream.url);
    const { status, text } = await call(proxy, proxy.open(GRANT), { path: INVOKE, headers });
    expect([status, text]).toEqual([400, expect.stringContaining(word)]);
    expect(upstream.received).toEqual([]);
  });

  it('of the largest size, in the most costly form, is judged while the event loop goes on', async () => {
    const upstream = await upstreamOf();
    const proxy = await startProxy(upstream.url, { limits: PATIENT });
    const bodies = [
      `{"messages":[{"content":"你"}],"metadata":[${Array(240_000)
        .fill(`"${'a'.repeat(120)}"`)
        .join()}]}`,
      `{"messages":[${Array(249_000).fill('{}').join()}]}`,
      filled(31 * MB),
    ];
    for (const body of bodies.map((text) => Buffer.from(text))) {
      const longestTurn = watchTurns();
      expect((await call(proxy, proxy.open(GRANT), { path: INVOKE, body })).status).toBe(200);
      expect(longestTurn()).toBeLessThan(250);
    }
  });

  it('whose sender goes away is no failure of the model', async () => {
    const upstream = await upstreamOf();
    const errors: unknown[] = [];
    const proxy = await startProxy(upstream.url, { onError: (error) => errors.push(error) });
    const grant = proxy.open(GRANT);
    const { socket, said } = await unfinished(proxy, grant, { length: 1_000, sent: '{' });
    socket.destroy();
    await said;
    expect((await call(proxy, grant, { path: INVOKE })).status).toBe(200);
    expect([errors, grant.failure]).toEqual([[], undefined]);
  });
});

describe('what does not arrive', () => {
  it('is refused at its deadline, also when bytes trickle in', async () => {
    const upstream = await upstreamOf();
    const proxy = await startProxy(upstream.url, { limits: { bodyMs: 300 } });
    const grant = proxy.open(GRANT);
    const silent = await unfinished(proxy, grant, { length: 1_000, sent: '{' });
    const trickling = await unfinished(proxy, grant, { length: 100_000, sent: '{' });
    const trickle = setInterval(() => trickling.socket.write(' '), 10);
    onTestFinished(() => clearInterval(trickle));
    expect(await silent.said).toMatch(/^HTTP\/1.1 408 /);
    expect(await trickling.said).toMatch(/^(HTTP\/1.1 408 |$)/);
    expect(grant.failure).toBeUndefined();
  });

  it('as headers neither', async () => {
    const upstream = await upstreamOf();
    const proxy = await startProxy(upstream.url, { limits: { headersMs: 200 } });
    const { hostname, port } = new URL(proxy.url);
    for (const sent of ['', 'POST / HTTP/1.1\r\nX: ']) {
      const socket = connect(Number(port), hostname).on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
      socket.write(sent);
      await once(socket.resume(), 'close');
    }
  });

  it('leaves the others their way: neither bodies without an end nor idle connections take it', async () => {
    const upstream = await upstreamOf();
    const proxy = await startProxy(upstream.url, { limits: { idleConnections: 8 } });
    const attackers = [proxy.open(GRANT), proxy.open(GRANT), proxy.open(GRANT)];
    for (const grant of attackers)
      for (let count = 0; count < 24; count += 1)
        await unfinished(proxy, grant, { length: 30 * MB, sent: '{' });
    const { hostname, port } = new URL(proxy.url);
    for (let count = 0; count < 30; count += 1) {
      const socket = connect(Number(port), hostname).on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
      await once(socket, 'connect');
    }
    const { status } = await call(proxy, proxy.open(GRANT), { path: INVOKE, body: filled(MB) });
    expect(status).toBe(200);
    // Of their own requests they have no more than they were given.
    const [first] = attackers;
    expect((await call(proxy, first ?? { token: '' }, { path: INVOKE })).status).toBe(429);
  });

  it('waits for its share unread, and is refused in the provider’s words when that takes too long', async () => {
    const upstream = await upstreamOf();
    const limits = { heldBytes: 4 * MB, heldBytesOfGrant: 2 * MB, waitMs: 300 };
    const proxy = await startProxy(upstream.url, { limits });
    const grant = proxy.open(GRANT);
    const first = await unfinished(proxy, grant, { length: 2 * MB - 100, sent: '{' });
    // The first has its share when its body is being read.
    await expect.poll(() => first.socket.bytesWritten).toBeGreaterThan(0);
    const second = await unfinished(proxy, grant, { length: MB, sent: filled(MB - 40) });
    expect(await second.said).toMatch(/^(HTTP\/1.1 429 [^]*ThrottlingException|$)/);
    expect(second.socket.bytesWritten).toBeLessThanOrEqual(MB + 500);
    first.socket.destroy();
    const status = async (): Promise<number> =>
      (await call(proxy, grant, { path: INVOKE, body: filled(MB) })).status;
    await expect.poll(status, { timeout: 60_000 }).toBe(200);
  });
});

it('an answer that nobody takes is cut, and its place is free again', async () => {
  const frame = bedrockFrame({ type: 'content_block_delta', delta: { text: 'x'.repeat(500_000) } });
  const upstream = await startUpstream(({ response }) => {
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
    for (let count = 0; count < 60; count += 1) response.write(frame);
    response.end();
  });
  const proxy = await startProxy(upstream.url, { limits: { unreadMs: 400 } });
  const streaming = begin(proxy, `/${proxy.open(GRANT).token}${STREAM}`);
  const response = await streaming.response;
  await upstream.received[0]?.cut;
  await expect(response.toArray()).rejects.toMatchObject({ code: 'ECONNRESET' });
});

it('a list of profiles is answered without its body being read, and the connection closed', async () => {
  const upstream = await upstreamOf();
  const proxy = await startProxy(upstream.url);
  const { token } = proxy.open(GRANT);
  const { hostname, port, host } = new URL(proxy.url);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  socket.write(
    `GET /${token}/inference-profiles HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${30 * MB}\r\n\r\n{`,
  );
  const said = Buffer.concat((await socket.toArray()) as Buffer[]).toString();
  expect(said).toMatch(/^HTTP\/1.1 200 [^]*Connection: close/);
});

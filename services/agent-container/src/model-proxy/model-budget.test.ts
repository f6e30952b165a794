import { describe, expect, it } from 'vitest';
import { OpenGrant } from './calls/model-grant.ts';
import { ASKING, begin, call, INVOKE, startProxy, STREAM } from './proxy-client.fixture.ts';
import { bedrockFrame, MESSAGE_EVENTS, MESSAGE_USAGE } from './streamed-message.fixture.ts';
import { type Received, startUpstream } from './upstream-server.fixture.ts';

const GRANT = { sessionId: 'a-session' };
const MESSAGE = JSON.stringify({ content: [], usage: MESSAGE_USAGE });
/** What `ASKING` may cost: a token for four bytes, and the five that it asks for. */
const ASKED = Math.ceil(ASKING.length / 4) + 5;
const whole = (received?: Received): void => {
  if (!received) throw new Error('There is no such call');
  received.response.writeHead(200, { 'content-type': 'application/json' }).end(MESSAGE);
};

describe('calls at once', () => {
  it('that could pass the limit together follow one another, and those after it are refused', async () => {
    const held: Received[] = [];
    const upstream = await startUpstream((received) => void held.push(received));
    const proxy = await startProxy(upstream.url);
    // Each costs 130.
    const grant = proxy.open({ ...GRANT, tokenLimit: 200 });
    const calls = Array.from({ length: 20 }, () => call(proxy, grant, { path: INVOKE, body: bodyFor(150) }));
    await expect.poll(() => held.length).toBe(1);
    whole(held[0]);
    await expect.poll(() => held.length).toBe(2);
    whole(held[1]);
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
    expect(statuses.filter((status) => status === 400)).toHaveLength(18);
    expect(upstream.received).toHaveLength(2);
  });

  it('that stay within it together do not wait', async () => {
    const held: Received[] = [];
    const upstream = await startUpstream((received) => void held.push(received));
    const proxy = await startProxy(upstream.url);
    const grant = proxy.open({ ...GRANT, tokenLimit: 3 * ASKED });
    const calls = [1, 2, 3].map(() => call(proxy, grant, { path: INVOKE }));
    await expect.poll(() => held.length).toBe(3);
    for (const received of held) whole(received);
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('that wait are gone when who made them is, and take nothing with them', async () => {
    const grant = new OpenGrant({ ...GRANT, tokenLimit: 200 });
    const estimate = { inputTokens: 7, maxOutputTokens: 150, isStreamed: false };
    const alive = new AbortController().signal;
    const gone = new AbortController();
    const first = await grant.beginCall(estimate, alive);
    const waiting = grant.beginCall(estimate, gone.signal);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    first?.count(MESSAGE_USAGE);
    first?.end();
    expect(await grant.beginCall(estimate, alive)).toBeDefined();
    expect(grant.usage()).toEqual(MESSAGE_USAGE);
  });

  it('are at most 24, so that their bodies do not fill our memory', async () => {
    const held: Received[] = [];
    const upstream = await startUpstream((received) => {
      if (held.push(received) > 24) whole(received);
    });
    const proxy = await startProxy(upstream.url);
    const grant = proxy.open(GRANT);
    const calls = Array.from({ length: 24 }, () => call(proxy, grant, { path: INVOKE }));
    await expect.poll(() => held.length).toBe(24);
    const { status, headers } = await call(proxy, grant, { path: INVOKE });
    expect([status, headers['x-amzn-errortype']]).toEqual([429, 'ThrottlingException']);
    for (const received of held.slice(0, 24)) whole(received);
    expect((await Promise.all(calls)).every((answer) => answer.status === 200)).toBe(true);
    expect((await call(proxy, grant, { path: INVOKE })).status).toBe(200);
  });
});

describe('a call that is hung up on', () => {
  it.each([
    ['before it was answered at all counts as what it may have cost', INVOKE, ASKED],
    ['before its stream began counts as what was asked', STREAM, ASKED - 5],
  ])('%s', async (_, path, tokens) => {
    const upstream = await startUpstream(() => undefined);
    const proxy = await startProxy(upstream.url);
    const grant = proxy.open(GRANT);
    const cut = begin(proxy, `/${grant.token}${path}`);
    await expect.poll(() => upstream.received.length).toBe(1);
    cut.request.destroy();
    await upstream.received[0]?.cut;
    const { input_tokens: input, output_tokens: output } = grant.usage();
    expect(input + output).toBe(tokens);
  });

  it('in its middle counts as what was said until then', async () => {
    const upstream = await startUpstream(({ response }) => {
      response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
      for (const event of MESSAGE_EVENTS.slice(0, 4)) response.write(bedrockFrame(event));
    });
    const proxy = await startProxy(upstream.url);
    const grant = proxy.open(GRANT);
    const cut = begin(proxy, `/${grant.token}${STREAM}`);
    await expect.poll(() => grant.usage().output_tokens).toBe(2);
    cut.request.destroy();
    await upstream.received[0]?.cut;
    expect(grant.usage()).toEqual({ ...MESSAGE_USAGE, output_tokens: 2 });
  });

  it('costs nothing when the provider had refused it', async () => {
    const upstream = await startUpstream(({ response }) => {
      response.writeHead(429, { 'content-type': 'application/json' }).flushHeaders();
    });
    const proxy = await startProxy(upstream.url);
    const grant = proxy.open(GRANT);
    const cut = begin(proxy, `/${grant.token}${INVOKE}`);
    await cut.response;
    cut.request.destroy();
    await upstream.received[0]?.cut;
    expect(grant.usage().input_tokens).toBe(0);
  });
});

const bodyFor = (maxTokens: number): string => JSON.stringify({ messages: [], max_tokens: maxTokens });

import { FixedSecrets, SecretError } from '@omnicloud/secrets';
import { describe, expect, it } from 'vitest';
import { FixedModelCredentials, type ModelCredential } from './credentials/model-credentials.ts';
import { modelPolicy } from './calls/model-policy.ts';
import { call, INVOKE, KEYS, REGION, RotatingCredentials, startProxy } from './proxy-client.fixture.ts';
import { SecretsModelCredentials } from './credentials/secrets-model-credentials.ts';
import { MESSAGE_EVENTS, MESSAGE_USAGE, serverSentEvent } from './streamed-message.fixture.ts';
import { type Received, signatureProblem, startUpstream } from './upstream-server.fixture.ts';

const GRANT = { sessionId: 'a-session' };
const NEXT_KEYS = { accessKeyId: 'AKIASECOND', secretAccessKey: 'second' };
const awsKeys = (keys: typeof KEYS): ModelCredential => ({ kind: 'aws-keys', ...keys });

const whole = ({ response }: Received): void => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"content":[],"usage":null}');
};
const refuse = ({ response }: Received, errorType: string, status = 403): void => {
  response
    .writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': `${errorType}:http://x/` })
    .end('{"message":"no"}');
};

const REFUSED = '{"message":"AWS refuses the keys: they are wrong or have expired"}';
const NO_ACCESS = expect.stringContaining('may not use the model') as unknown;

describe('keys that were rotated', () => {
  it.each(['ExpiredTokenException', 'InvalidSignatureException', 'UnrecognizedClientException'])(
    'are read anew at %s, and the CLI sees only the answer to the new ones',
    async (errorType) => {
      const upstream = await startUpstream((received) => {
        if (signatureProblem(received, NEXT_KEYS, REGION) === undefined) whole(received);
        else refuse(received, errorType);
      });
      const credentials = new RotatingCredentials(awsKeys(KEYS));
      const proxy = await startProxy(upstream.url, { credentials });
      credentials.stored = awsKeys(NEXT_KEYS);
      const grant = proxy.open(GRANT);
      expect((await call(proxy, grant, { path: INVOKE })).status).toBe(200);
      expect((await call(proxy, grant, { path: INVOKE })).status).toBe(200);
      expect([upstream.received.length, credentials.refreshes]).toEqual([3, 1]);
    },
  );

  it('are tried once; that AWS knows the new ones no better is told without its own words, which quote the request', async () => {
    const upstream = await startUpstream((received) => refuse(received, 'InvalidSignatureException'));
    const credentials = new RotatingCredentials(awsKeys(KEYS));
    const proxy = await startProxy(upstream.url, { credentials });
    credentials.stored = awsKeys(NEXT_KEYS);
    const grant = proxy.open(GRANT);
    const { status, text } = await call(proxy, grant, { path: INVOKE });
    expect([status, text, upstream.received.length]).toEqual([401, REFUSED, 2]);
    expect(grant.failure).toMatchObject({
      code: 'model_keys',
      cause: { message: 'AWS answered 403 InvalidSignatureException' },
    });
  });

  it('are not looked for when the keys are known but may not do this, and not used when they are the same', async () => {
    for (const [errorType, refreshes, said] of [
      ['AccessDeniedException', 0, NO_ACCESS],
      ['ExpiredTokenException', 1, REFUSED],
    ] as const) {
      const upstream = await startUpstream((received) => refuse(received, errorType));
      const credentials = new RotatingCredentials(awsKeys(KEYS));
      const proxy = await startProxy(upstream.url, { credentials });
      expect((await call(proxy, proxy.open(GRANT), { path: INVOKE })).text).toEqual(said);
      expect([upstream.received.length, credentials.refreshes]).toEqual([1, refreshes]);
    }
  });
});

it('a Bedrock API key is sent as it is, and read anew when it is refused', async () => {
  const upstream = await startUpstream((received) => {
    if (received.headers.authorization === 'Bearer new-key') whole(received);
    else refuse(received, 'AccessDeniedException');
  });
  const credentials = new RotatingCredentials({ kind: 'bearer', token: 'old-key' });
  const proxy = await startProxy(upstream.url, { credentials });
  credentials.stored = { kind: 'bearer', token: 'new-key' };
  expect((await call(proxy, proxy.open(GRANT), { path: INVOKE })).status).toBe(200);
});

it('an endpoint that wants no signature gets none', async () => {
  const upstream = await startUpstream(whole);
  const credentials = new FixedModelCredentials({ kind: 'none' });
  const proxy = await startProxy(upstream.url, { credentials });
  const headers = { authorization: 'Bearer of-the-cli' };
  expect((await call(proxy, proxy.open(GRANT), { path: INVOKE, headers })).status).toBe(200);
  expect(upstream.received[0]?.headers).not.toHaveProperty('authorization');
});

describe('credentials that cannot be had', () => {
  it.each([
    ['secret_unavailable', 503, 'model_unavailable'],
    ['secret_forbidden', 401, 'model_keys'],
  ] as const)(
    'because of %s are HTTP %d for the CLI, and nothing goes out',
    async (code, status, failure) => {
      const upstream = await startUpstream(whole);
      const fail = (): Promise<never> =>
        Promise.reject(new SecretError(code, 'bedrock', { problem: 'is not to be had' }));
      const proxy = await startProxy(upstream.url, { credentials: { get: fail, refresh: fail } });
      const grant = proxy.open(GRANT);
      const answer = await call(proxy, grant, { path: INVOKE });
      expect([answer.status, grant.failure?.code]).toEqual([status, failure]);
      expect(answer.text).not.toContain('bedrock');
      expect(upstream.received).toEqual([]);
    },
  );
});

describe('credentials in a secret', () => {
  const read = (stored: string): Promise<ModelCredential> =>
    new SecretsModelCredentials(new FixedSecrets(new Map([['bedrock', stored]])), 'bedrock', 'bedrock').get();

  it('are a pair of keys, temporary ones with their token, or a Bedrock API key', async () => {
    const pair = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
    const keys = { kind: 'aws-keys', accessKeyId: 'id', secretAccessKey: 'secret' };
    expect(await read(JSON.stringify({ ...pair, note: 'x' }))).toEqual(keys);
    expect(await read(JSON.stringify({ ...pair, AWS_SESSION_TOKEN: 't' }))).toEqual({
      ...keys,
      sessionToken: 't',
    });
    expect(await read('{"AWS_BEARER_TOKEN_BEDROCK":"k"}')).toEqual({ kind: 'bearer', token: 'k' });
  });

  it('of Anthropic are one key; keys of the other provider are refused', async () => {
    const secrets = new FixedSecrets(
      new Map([
        ['anthropic', '{"ANTHROPIC_API_KEY":"k"}'],
        ['bedrock', '{"AWS_BEARER_TOKEN_BEDROCK":"hidden"}'],
      ]),
    );
    const of = (name: string) => new SecretsModelCredentials(secrets, name, 'anthropic').get();
    expect(await of('anthropic')).toEqual({ kind: 'anthropic-key', apiKey: 'k' });
    await expect(of('bedrock')).rejects.toMatchObject({
      code: 'secret_malformed',
      message: expect.not.stringContaining('hidden') as string,
    });
    await expect(read('{"ANTHROPIC_API_KEY":"k"}')).rejects.toMatchObject({ code: 'secret_malformed' });
  });

  it.each(['', 'hidden', '{"AWS_ACCESS_KEY_ID":"hidden"}', '[]'])(
    'are refused when they are %j, which is not repeated',
    async (stored) => {
      const error = await read(stored).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'secret_malformed', retryable: false });
      expect(String(error)).not.toContain('hidden');
      expect(error).not.toHaveProperty('cause');
    },
  );

  it('are read anew, the whole pair at once', async () => {
    const pair = (id: string): string =>
      JSON.stringify({ AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: `secret of ${id}` });
    const stored = new Map([['bedrock', pair('a')]]);
    const credentials = new SecretsModelCredentials(new FixedSecrets(stored), 'bedrock', 'bedrock');
    expect(await credentials.get()).toMatchObject({ accessKeyId: 'a' });
    stored.set('bedrock', pair('b'));
    expect(await credentials.refresh()).toMatchObject({ accessKeyId: 'b', secretAccessKey: 'secret of b' });
  });
});

describe('at Anthropic', () => {
  const anthropic = {
    protocol: 'anthropic',
    allows: modelPolicy({ opus: 'm', sonnet: 'm', haiku: 'm' }),
    credentials: new FixedModelCredentials({ kind: 'anthropic-key', apiKey: 'the-real-key' }),
  } as const;
  const path = '/v1/messages?beta=true';
  const asking = (body: object) => ({
    headers: {
      'x-api-key': 'of-the-cli',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'some-beta',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ messages: [], ...body }),
  });

  it('a call goes out with our key and the CLI’s versions, and its events are counted', async () => {
    const upstream = await startUpstream(({ response }) => {
      const events = Buffer.concat(MESSAGE_EVENTS.map(serverSentEvent));
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).end(events);
    });
    const proxy = await startProxy(upstream.url, anthropic);
    const grant = proxy.open(GRANT);
    const { status, text } = await call(proxy, grant, { path, ...asking({ model: 'm' }) });
    expect([status, text]).toEqual([200, Buffer.concat(MESSAGE_EVENTS.map(serverSentEvent)).toString()]);
    expect(grant.usage()).toEqual(MESSAGE_USAGE);
    expect(upstream.received[0]).toMatchObject({
      target: path,
      headers: {
        'x-api-key': 'the-real-key',
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'some-beta',
      },
    });
  });

  it.each<[string, object]>([
    ['another model', { model: 'other' }],
    ['no model', {}],
    ['a tool that fetches there', { model: 'm', tools: [{ type: 'web_fetch_20250910', name: 'web_fetch' }] }],
    ['a tool that searches there', { model: 'm', tools: [{ type: 'web_search_20250305', name: 's' }] }],
    ['a tool that runs code there', { model: 'm', tools: [{ type: 'code_execution_20250825', name: 'c' }] }],
  ])('%s is refused in Anthropic’s words', async (_, body) => {
    const upstream = await startUpstream(whole);
    const proxy = await startProxy(upstream.url, anthropic);
    const { status, text } = await call(proxy, proxy.open(GRANT), { path, ...asking(body) });
    expect([status, JSON.parse(text)]).toMatchObject([
      403,
      { type: 'error', error: { type: 'permission_error' } },
    ]);
    expect(upstream.received).toEqual([]);
  });

  it('the web may be searched where that is switched on, and the CLI’s own tools always pass', async () => {
    const upstream = await startUpstream(whole);
    const proxy = await startProxy(upstream.url, { ...anthropic, isWebSearchOn: true });
    const tools = [
      { type: 'web_search_20250305', name: 's' },
      { name: 'Read', input_schema: {} },
    ];
    expect((await call(proxy, proxy.open(GRANT), { path, ...asking({ model: 'm', tools }) })).status).toBe(
      200,
    );
  });
});

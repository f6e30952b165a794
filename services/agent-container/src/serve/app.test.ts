import { randomUUID } from 'node:crypto';
import { MAX_USER_MESSAGE_LENGTH, messagePath, routes } from '@omnicloud/protocol';
import { describe, expect, it } from 'vitest';
import { answering, holding } from '../run/scripted-runtime.fixture.ts';
import { agentServer, TOKEN } from './agent-server.fixture.ts';

const VALID = JSON.stringify({ chat_id: '1', user_message: 'Hi' });
const authorization = `Bearer ${TOKEN}`;

describe('the token', () => {
  it.each<[string, Record<string, string>]>([
    ['no token', {}],
    ['a wrong token', { authorization: 'Bearer another-token-of-a-server' }],
    ['the start of the token', { authorization: authorization.slice(0, -1) }],
    ['another scheme', { authorization: `Basic ${TOKEN}` }],
    ['an empty token', { authorization: 'Bearer ' }],
  ])('keeps a caller with %s out of both routes, and nothing runs', async (_, headers) => {
    const server = await agentServer();
    for (const path of [routes.create, messagePath(randomUUID())]) {
      const response = await server.post(path, VALID, headers);
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ error: { code: 'unauthenticated', retryable: false } });
    }
    expect(server.runtime.runs).toEqual([]);
  });

  it.each(['Bearer ', 'Bearer', `Bearer ${TOKEN}`, ''])(
    'that was configured empty lets nobody in, also not with %j',
    async (shown) => {
      const server = await agentServer({ authToken: '' });
      expect((await server.post(routes.create, VALID, { authorization: shown })).status).toBe(401);
    },
  );

  it('is not needed to ask whether the process answers', async () => {
    const response = await (await agentServer()).get(routes.health);
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });
});

describe('a request that cannot be understood', () => {
  it.each([
    ['no JSON', '{"chat_id":', /JSON/],
    ['an empty body', '', /JSON/],
    ['no object', '[]', /body/],
    ['no chat', JSON.stringify({ user_message: 'Hi' }), /chat_id/],
    ['a chat that is no id', JSON.stringify({ chat_id: 'x', user_message: 'Hi' }), /chat_id/],
    ['an empty message', JSON.stringify({ chat_id: '1', user_message: '' }), /user_message/],
    [
      'a long title beside a long message',
      JSON.stringify({
        chat_id: '1',
        user_message: 'a'.repeat(MAX_USER_MESSAGE_LENGTH + 1),
        metadata: { chat_title: 'a'.repeat(257) },
      }),
      /chat_title/,
    ],
  ])('because of %s is answered with 400 and what is wrong', async (_, body, message) => {
    const server = await agentServer();
    const response = await server.post(routes.create, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: { code: 'bad_request', retryable: false, message: expect.stringMatching(message) as unknown },
    });
    expect(server.reported).toEqual([]);
  });

  it('because its session is no UUID is answered with 400', async () => {
    const { status, body } = await (await agentServer()).send('not-a-uuid');
    expect([status, body]).toMatchObject([400, { error: { code: 'bad_request' } }]);
  });
});

describe('a request that is too large', () => {
  it.each([
    ['its message', JSON.stringify({ chat_id: '1', user_message: 'a'.repeat(MAX_USER_MESSAGE_LENGTH + 1) })],
    ['its body', `${VALID}${' '.repeat(2 * 1024 * 1024)}`],
  ])('by %s is answered with 413', async (_, body) => {
    const response = await (await agentServer()).post(routes.create, body);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { code: 'too_large', retryable: false } });
  });

  it('is not one that carries the longest message in three-byte characters', async () => {
    const { status } = await (
      await agentServer()
    ).create({
      user_message: '漢'.repeat(MAX_USER_MESSAGE_LENGTH),
    });
    expect(status).toBe(200);
  });
});

describe('what there is not', () => {
  it('is an unknown session: 404 session_unknown, and the session is not left busy', async () => {
    const server = await agentServer();
    const sessionId = randomUUID();
    const refused = { status: 404, body: { error: { code: 'session_unknown', retryable: false } } };
    expect(await server.send(sessionId)).toMatchObject(refused);
    expect(await server.send(sessionId)).toMatchObject(refused);
    expect(server.runtime.runs).toEqual([]);
  });

  it.each(['/', '/session/create/', '/session', '/sessions'])('is the route %s: 404', async (path) => {
    const response = await (await agentServer()).post(path, VALID);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'not_found' } });
  });
});

describe('the JSON answer', () => {
  it('holds the session, the final text and what it cost', async () => {
    const { status, body } = await (await agentServer()).create();
    expect(status).toBe(200);
    expect(body).toEqual({
      session_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      response: 'Hello',
      is_stopped: false,
      is_paused: false,
      workspace: { files: 0, bytes: 0, skipped: 0, is_over_limit: false },
      usage: {
        input_tokens: 10,
        output_tokens: 2,
        cache_read_input_tokens: 0,
        cache_creation_input_tokens: 0,
      },
      cost_usd: 0.25,
      turns: 1,
      duration_ms: {
        restore: expect.any(Number) as unknown,
        run: expect.any(Number) as unknown,
        persist: expect.any(Number) as unknown,
        total: expect.any(Number) as unknown,
      },
    });
  });

  it('hands the message to the agent as it is', async () => {
    const server = await agentServer();
    await server.create({ user_message: '/clear @/etc/passwd\n' });
    expect(server.runtime.runs.map(({ prompt }) => prompt)).toEqual(['/clear @/etc/passwd\n']);
  });
});

describe('a conversation', () => {
  it.each<[object, string]>([
    [{ chat_id: -1001234567890, thread_id: 42 }, '-1001234567890:42'],
    [{ chat_id: '5' }, '5:0'],
    [{ chat_id: '5', thread_id: null }, '5:0'],
  ])('created for %j is found under %s', async (fields, key) => {
    const server = await agentServer();
    const { body } = await server.create(fields);
    expect(await server.table.find(key)).toMatchObject({ sessionId: body.session_id });
  });

  it('is resumed when its object is stored, and begun when it is not', async () => {
    const server = await agentServer();
    const { body } = await server.create();
    const sessionId = String(body.session_id);
    expect(await server.send(sessionId)).toMatchObject({ status: 200, body: { session_id: sessionId } });
    expect(server.runtime.runs.map(({ home, isResumed }) => [home.sessionId, isResumed])).toEqual([
      [sessionId, false],
      [sessionId, true],
    ]);
  });
});

describe('a session that runs', () => {
  it('is busy for a second message, and free again afterwards', async () => {
    const server = await agentServer();
    const sessionId = String((await server.create()).body.session_id);
    const held = holding(answering('Second'));
    server.runtime.follow(held.script);
    const second = server.send(sessionId);
    await held.started;
    expect(await server.send(sessionId)).toMatchObject({
      status: 409,
      body: { error: { code: 'session_busy', retryable: true } },
    });
    held.release();
    expect(await second).toMatchObject({ status: 200, body: { response: 'Second' } });
    expect(await server.send(sessionId)).toMatchObject({ status: 200 });
    expect(server.runtime.runs).toHaveLength(3);
  });

  it('does not hold up another one', async () => {
    const server = await agentServer();
    const slow = holding(answering('Slow'));
    server.runtime.follow(slow.script);
    const first = server.create({ chat_id: '1' });
    await slow.started;
    server.runtime.follow(answering('Fast'));
    expect(await server.create({ chat_id: '2' })).toMatchObject({ status: 200, body: { response: 'Fast' } });
    slow.release();
    expect(await first).toMatchObject({ status: 200, body: { response: 'Slow' } });
  });
});

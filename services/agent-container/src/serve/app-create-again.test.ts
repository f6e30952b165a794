import { NDJSON_MEDIA_TYPE, routes } from '@omnicloud/protocol';
import { SqliteSessionTable } from '@omnicloud/storage';
import { describe, expect, it } from 'vitest';
import { AgentError } from '../errors.ts';
import { answering, failing, holding } from '../run/scripted-runtime.fixture.ts';
import { temporaryDirectory } from '../session/home/temporary-directory.fixture.ts';
import { agentServer, TOKEN } from './agent-server.fixture.ts';

const FIRST = { chat_id: '9', user_message: 'Hi' };
const WITH_KEY = { key: 'update-1' };
const OTHER = '0190c8a4-0000-4000-8000-000000000002';

describe('A create request that is repeated with its key', () => {
  it('is answered from what was saved: one session, one run, and it is not new any more', async () => {
    const server = await agentServer();
    server.runtime.follow(answering('Only once'));
    const first = await server.ask(routes.create, FIRST, WITH_KEY);
    server.runtime.follow(answering('Again'));
    const second = await server.ask(routes.create, FIRST, WITH_KEY);
    expect(second).toMatchObject({
      status: 200,
      body: { response: 'Only once', session_id: first.body.session_id },
    });
    const headers = {
      authorization: `Bearer ${TOKEN}`,
      accept: NDJSON_MEDIA_TYPE,
      'idempotency-key': WITH_KEY.key,
    };
    const third = await (await server.post(routes.create, JSON.stringify(FIRST), headers)).text();
    expect(third).toContain('"is_new":false');
    expect(server.runtime.runs.map(({ isResumed }) => isResumed)).toEqual([false]);
  });

  it('is found under its conversation, also when its first server died before it could say so', async () => {
    const server = await agentServer();
    const { body } = await server.ask(routes.create, FIRST, WITH_KEY);
    await server.table.forget('9:0', String(body.session_id));
    await server.ask(routes.create, FIRST, WITH_KEY);
    expect(await server.table.find('9:0')).toMatchObject({ sessionId: body.session_id });
    expect(server.runtime.runs).toHaveLength(1);
  });

  it('fails, and may be tried again, while the mapping cannot be saved', async () => {
    const table = new SqliteSessionTable({ directory: await temporaryDirectory() });
    const server = await agentServer({ table });
    server.runtime.follow(async function* (run) {
      table.close();
      yield* answering('Stored')(run);
    });
    expect(await server.ask(routes.create, FIRST, WITH_KEY)).toMatchObject({
      status: 500,
      body: { error: { code: 'internal', retryable: true } },
    });
    const sessionId = server.runtime.runs[0]?.home.sessionId ?? '';
    expect(server.store.puts).toContain(`sessions/${sessionId}/conversation.jsonl`);
  });

  it('runs in the session of the first try when that one failed', async () => {
    const server = await agentServer();
    server.runtime.follow(failing(new AgentError('agent_crashed', 'No')));
    expect(await server.ask(routes.create, FIRST, WITH_KEY)).toMatchObject({ status: 500 });
    server.runtime.follow(answering('Now'));
    expect(await server.ask(routes.create, FIRST, WITH_KEY)).toMatchObject({ body: { response: 'Now' } });
    const [failed, answered] = server.runtime.runs;
    expect(answered?.home.sessionId).toBe(failed?.home.sessionId);
    expect(answered?.isResumed).toBe(false);
  });

  it('is busy while the first try still runs', async () => {
    const server = await agentServer();
    const held = holding(answering('First'));
    server.runtime.follow(held.script);
    const first = server.ask(routes.create, FIRST, WITH_KEY);
    await held.started;
    expect(await server.ask(routes.create, FIRST, WITH_KEY)).toMatchObject({
      status: 409,
      body: { error: { code: 'session_busy' } },
    });
    held.release();
    expect(await first).toMatchObject({ status: 200, body: { response: 'First' } });
    expect(server.runtime.runs).toHaveLength(1);
  });

  it('gets a new turn in its session when what was saved is damaged beyond repair, which is kept aside', async () => {
    const server = await agentServer();
    const sessionId = String((await server.ask(routes.create, FIRST, WITH_KEY)).body.session_id);
    await server.store.put(`sessions/${sessionId}/conversation.jsonl`, Buffer.from('garbage'));
    server.runtime.follow(answering('From the start'));
    expect(await server.ask(routes.create, FIRST, WITH_KEY)).toMatchObject({
      status: 200,
      body: { response: 'From the start', session_id: sessionId },
    });
    expect(server.runtime.runs.at(-1)?.isResumed).toBe(false);
    expect(server.store.puts.filter((key) => key.includes('damaged-'))).toHaveLength(1);
  });
});

it.each<[string, object, { key?: string }]>([
  ['another key', {}, { key: 'update-2' }],
  ['another chat', { chat_id: '10' }, WITH_KEY],
  ['another topic', { thread_id: '1' }, WITH_KEY],
  ['no key', {}, {}],
])('A create request with %s is a session of its own', async (_, fields, options) => {
  const server = await agentServer();
  const first = await server.ask(routes.create, FIRST, WITH_KEY);
  const other = await server.ask(routes.create, { ...FIRST, ...fields }, options);
  expect(other).toMatchObject({ status: 200 });
  expect(other.body.session_id).not.toBe(first.body.session_id);
});

it('The session of a key cannot be told without the token', async () => {
  const ids = ['one-token-of-a-server', 'another-token-of-a-server'].map(async (authToken) => {
    const server = await agentServer({ authToken });
    const headers = { authorization: `Bearer ${authToken}`, 'idempotency-key': WITH_KEY.key };
    const response = await server.post(routes.create, JSON.stringify(FIRST), headers);
    return ((await response.json()) as { session_id: string }).session_id;
  });
  expect(await ids[0]).not.toBe(await ids[1]);
});

describe('A conversation that was given to another session while a new one ran', () => {
  it('stays with the other; the run fails as one to be tried again, and is then answered from what it saved', async () => {
    const server = await agentServer();
    server.runtime.follow(async function* (run) {
      await server.table.save('9:0', OTHER, { fencingToken: 1, replaces: undefined });
      yield* answering('Stored')(run);
    });
    expect(await server.ask(routes.create, FIRST, WITH_KEY)).toMatchObject({
      status: 409,
      body: { error: { code: 'lease_lost', retryable: true } },
    });
    expect(await server.ask(routes.create, FIRST, WITH_KEY)).toMatchObject({
      status: 200,
      body: { response: 'Stored' },
    });
    expect(await server.table.find('9:0')).toMatchObject({ sessionId: OTHER });
    expect(server.runtime.runs).toHaveLength(1);
  });

  it('is that of the other from then on; the session itself still goes on by its id', async () => {
    const server = await agentServer();
    const first = await server.ask(routes.create, FIRST, WITH_KEY);
    const second = await server.ask(routes.create, FIRST);
    expect(await server.table.find('9:0')).toMatchObject({ sessionId: second.body.session_id });
    expect(await server.send(String(first.body.session_id))).toMatchObject({ status: 200 });
    expect(await server.table.find('9:0')).toMatchObject({ sessionId: second.body.session_id });
  });
});

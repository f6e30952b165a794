import { messagePath, routes } from '@omnicloud/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { AgentError } from '../errors.ts';
import { answering } from '../run/scripted-runtime.fixture.ts';
import { type AgentServer, agentServer } from './agent-server.fixture.ts';
import { failingAfterWork } from './turn/failing-after-work.fixture.ts';
import { INVOCATIONS } from './app.ts';

const KEY = { key: 'update-1' };
const FIRST = { chat_id: '9', user_message: 'Write it' };
const NEXT = { user_message: 'And now?' };
const NOT_SAVED = { status: 404, body: { error: { code: 'not_found', retryable: false } } };

let server: AgentServer;
beforeEach(async () => {
  server = await agentServer();
});

const replayOnly = (fields: object): object => ({ ...fields, replay_only: true });

describe('A request that asks only for what is saved', () => {
  it('is answered with the saved answer, by either route and as an invocation, without a run', async () => {
    server.runtime.follow(answering('Written.'));
    const created = await server.ask(routes.create, FIRST, KEY);
    const sessionId = String(created.body.session_id);
    server.runtime.follow(answering('Now.'));
    const ways = [
      [routes.create, FIRST, 'Written.'],
      [INVOCATIONS, FIRST, 'Written.'],
    ] as const;
    for (const [path, fields, response] of ways)
      expect(await server.ask(path, replayOnly(fields), KEY)).toMatchObject({
        status: 200,
        body: { response },
      });
    await server.ask(messagePath(sessionId), NEXT, { key: 'update-2' });
    for (const [path, fields] of [
      [messagePath(sessionId), NEXT],
      [INVOCATIONS, { ...NEXT, session_id: sessionId }],
    ] as const)
      expect(await server.ask(path, replayOnly(fields), { key: 'update-2' })).toMatchObject({
        status: 200,
        body: { response: 'Now.' },
      });
    expect(server.runtime.runs).toHaveLength(2);
  });

  it('gives the conversation the session whose server was killed before it could', async () => {
    const { body } = await server.ask(routes.create, FIRST, KEY);
    await server.table.forget('9:0', String(body.session_id));
    await server.ask(routes.create, replayOnly(FIRST), KEY);
    expect((await server.table.find('9:0'))?.sessionId).toBe(body.session_id);
  });

  it('is refused when no session was begun under the key, and begins none', async () => {
    expect(await server.ask(routes.create, replayOnly(FIRST), KEY)).toMatchObject(NOT_SAVED);
    expect(server.runtime.runs).toEqual([]);
    expect(await server.table.find('9:0')).toBeUndefined();
    expect(await server.store.list('sessions/')).toEqual([]);
    server.runtime.follow(answering('Written.'));
    expect(await server.ask(routes.create, FIRST, KEY)).toMatchObject({ body: { response: 'Written.' } });
  });

  it('is refused when the session has answered other turns alone, and leaves it free', async () => {
    const { body } = await server.ask(routes.create, FIRST, KEY);
    const path = messagePath(String(body.session_id));
    expect(await server.ask(path, replayOnly(NEXT), { key: 'update-2' })).toMatchObject(NOT_SAVED);
    expect(server.runtime.runs).toHaveLength(1);
    expect(await server.ask(path, NEXT, { key: 'update-2' })).toMatchObject({ status: 200 });
  });

  it('is refused when the turn is not finished, which goes on when it is asked as usual', async () => {
    server.runtime.follow(failingAfterWork(new AgentError('model_unavailable', 'down')));
    await server.ask(routes.create, FIRST, KEY);
    expect(await server.ask(routes.create, replayOnly(FIRST), KEY)).toMatchObject(NOT_SAVED);
    expect(server.runtime.runs).toHaveLength(1);
    server.runtime.follow(answering('Done.'));
    expect(await server.ask(routes.create, FIRST, KEY)).toMatchObject({
      body: { response: 'I write.\n\nDone.' },
    });
  });

  it('is refused like any other when it asks another question, or one of an unknown session', async () => {
    const { body } = await server.ask(routes.create, FIRST, KEY);
    const other = replayOnly({ ...FIRST, user_message: 'Something else' });
    expect(await server.ask(routes.create, other, KEY)).toMatchObject({ status: 422 });
    const unknown = messagePath('0190c8a4-0000-4000-8000-000000000009');
    expect(await server.ask(unknown, replayOnly(NEXT), KEY)).toMatchObject({
      status: 404,
      body: { error: { code: 'session_unknown' } },
    });
    const foreign = { ...NEXT, metadata: { session_key: '10:0' } };
    expect(await server.ask(messagePath(String(body.session_id)), replayOnly(foreign), KEY)).toMatchObject({
      status: 404,
      body: { error: { code: 'session_unknown' } },
    });
  });

  it('must name the turn by its key', async () => {
    const { body } = await server.ask(routes.create, FIRST, KEY);
    const refused = {
      status: 400,
      body: { error: { code: 'bad_request', message: 'replay_only: needs an Idempotency-Key' } },
    };
    expect(await server.ask(routes.create, replayOnly(FIRST))).toMatchObject(refused);
    expect(await server.ask(messagePath(String(body.session_id)), replayOnly(NEXT))).toMatchObject(refused);
    expect(server.runtime.runs).toHaveLength(1);
  });
});

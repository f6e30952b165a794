import { describe, expect, it } from 'vitest';
import { AgentError } from '../errors.ts';
import { answering, failing } from '../run/scripted-runtime.fixture.ts';
import { agentServer } from './agent-server.fixture.ts';

const STORE_DOWN = new AgentError('store_unavailable', 'The session store could not be written', {
  cause: new Error('disk full'),
});

describe('a run that fails', () => {
  it('ends its stream with the code and whether trying again may help, and only its debug log is saved', async () => {
    const server = await agentServer();
    const error = new AgentError('model_unavailable', 'The model is busy');
    server.runtime.follow(failing(error));
    const events = await (await server.createStream({ chat_id: '9' })).rest();
    const sessionId = server.runtime.runs[0]?.home.sessionId ?? '';
    expect(events.slice(1)).toEqual([
      { type: 'text', offset: 0, delta: 'lost' },
      { type: 'failed', error: { code: 'model_unavailable', message: 'The model is busy', retryable: true } },
    ]);
    expect(server.store.puts).toEqual([`sessions/${sessionId}/debug.txt`]);
    const debugLog = await server.store.get(`sessions/${sessionId}/debug.txt`);
    expect(Buffer.from(debugLog?.body ?? []).toString()).toBe('why it failed\n');
    expect(await server.table.find('9:0')).toBeUndefined();
    expect(server.reported).toEqual([{ error, sessionId }]);
  });

  it.each([
    ['model_refused', 502, false],
    ['model_unavailable', 503, true],
    ['over_budget', 429, false],
    ['agent_crashed', 500, true],
  ] as const)('with %s answers a JSON request with status %i', async (code, status, retryable) => {
    const server = await agentServer();
    server.runtime.follow(failing(new AgentError(code, 'No')));
    expect(await server.create()).toEqual({ status, body: { error: { code, message: 'No', retryable } } });
    expect(server.reported).toHaveLength(1);
  });

  it('leaves the conversation as the last good turn stored it', async () => {
    const server = await agentServer();
    const sessionId = String((await server.create()).body.session_id);
    const key = `sessions/${sessionId}/conversation.jsonl`;
    const before = await server.store.get(key);
    server.runtime.follow(failing(new AgentError('agent_crashed', 'No')));
    expect(await server.send(sessionId)).toMatchObject({ status: 500 });
    expect(await server.store.get(key)).toEqual(before);
    server.runtime.follow(answering('Again'));
    expect(await server.send(sessionId)).toMatchObject({ status: 200 });
  });

  it('without a summary is a failure, and the half answer is not saved', async () => {
    const server = await agentServer();
    // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous, this run is not
    server.runtime.follow(async function* () {
      yield { type: 'answer', text: 'Half' };
    });
    expect(await server.create()).toMatchObject({ status: 500, body: { error: { code: 'internal' } } });
    expect(server.store.puts.filter((key) => key.endsWith('.jsonl'))).toEqual([]);
  });
});

describe('an unexpected error', () => {
  const secret = new Error('password is hunter2');

  it('of the run crosses the wire as internal without a detail, and onError is told once, with the error as cause', async () => {
    const server = await agentServer();
    server.runtime.follow(failing(secret));
    const { status, body } = await server.create();
    expect([status, body]).toMatchObject([500, { error: { code: 'internal', retryable: true } }]);
    expect(JSON.stringify(body)).not.toContain('hunter2');
    expect(server.reported).toEqual([
      {
        error: expect.objectContaining({ code: 'internal', cause: secret }) as unknown,
        sessionId: server.runtime.runs[0]?.home.sessionId,
      },
    ]);
  });

  it('before the run does the same', async () => {
    const server = await agentServer();
    const sessionId = String((await server.create()).body.session_id);
    server.store.failOn(/todos/, secret);
    const { status, body } = await server.send(sessionId);
    expect([status, body]).toMatchObject([500, { error: { code: 'internal' } }]);
    expect(JSON.stringify(body)).not.toContain('hunter2');
    expect(server.reported.map(({ error }) => error.cause)).toEqual([secret]);
  });
});

describe('a store that fails', () => {
  it('while a turn is saved ends the stream with store_unavailable, and the session is not to be found', async () => {
    const server = await agentServer();
    server.store.failOn(/conversation/, STORE_DOWN);
    const events = await (await server.createStream({ chat_id: '9' })).rest();
    expect(events.map(({ type }) => type)).toEqual(['accepted', 'text', 'answer', 'failed']);
    expect(events.at(-1)).toMatchObject({ error: { code: 'store_unavailable', retryable: true } });
    expect(await server.table.find('9:0')).toBeUndefined();
    expect(server.reported.map(({ error }) => error)).toEqual([STORE_DOWN]);
  });

  it('for the debug log too does not hide the failure itself', async () => {
    const server = await agentServer();
    const error = new AgentError('model_refused', 'No');
    server.store.failOn(/debug/, STORE_DOWN);
    server.runtime.follow(failing(error));
    expect(await server.create()).toMatchObject({ status: 502, body: { error: { code: 'model_refused' } } });
    expect(server.reported.map((report) => report.error)).toEqual([STORE_DOWN, error]);
  });

  it('while the session is read answers 503, tells onError, and does not leave the session busy', async () => {
    const server = await agentServer();
    const sessionId = String((await server.create()).body.session_id);
    server.store.failOn(/conversation/, STORE_DOWN);
    const refused = { status: 503, body: { error: { code: 'store_unavailable', retryable: true } } };
    expect(await server.send(sessionId)).toMatchObject(refused);
    expect(await server.send(sessionId)).toMatchObject(refused);
    expect(server.reported.map(({ error }) => error)).toEqual([STORE_DOWN, STORE_DOWN]);
    expect(server.runtime.runs).toHaveLength(1);
  });
});

import { messagePath, routes } from '@omnicloud/protocol';
import { expect, it } from 'vitest';
import { answering } from '../run/scripted-runtime.fixture.ts';
import { type AgentServer, agentServer, TOKEN } from './agent-server.fixture.ts';

async function ask(server: AgentServer, sessionId: string, key: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'idempotency-key': key };
  const response = await server.post(
    messagePath(sessionId),
    JSON.stringify({ user_message: 'Go on' }),
    headers,
  );
  return response.json();
}

it('A turn asked again with its key gets the saved answer; the agent does not run twice', async () => {
  const server = await agentServer();
  const { body } = await server.create();
  const sessionId = String(body.session_id);
  server.runtime.follow(answering('Only once'));
  const first = await ask(server, sessionId, 'update-2');
  server.runtime.follow(answering('Again'));
  expect(await ask(server, sessionId, 'update-2')).toMatchObject({
    response: 'Only once',
    session_id: sessionId,
  });
  expect(first).toMatchObject({ response: 'Only once' });
  expect(server.runtime.runs).toHaveLength(2);
});

it('Another key is another turn', async () => {
  const server = await agentServer();
  const { body } = await server.create();
  await ask(server, String(body.session_id), 'update-2');
  server.runtime.follow(answering('Again'));
  expect(await ask(server, String(body.session_id), 'update-3')).toMatchObject({ response: 'Again' });
});

it('A key that is too long is refused', async () => {
  const server = await agentServer();
  expect(await ask(server, '0190c8a4-0000-4000-8000-000000000001', 'x'.repeat(129))).toMatchObject({
    error: { code: 'bad_request' },
  });
});

it('Another question under the same key is refused with 422, and the saved turn stays what it is', async () => {
  const server = await agentServer();
  const fields = { chat_id: '9', user_message: 'One' };
  const first = await server.ask(routes.create, fields, { key: 'update-1' });
  const other = { ...fields, user_message: 'Two' };
  expect(await server.ask(routes.create, other, { key: 'update-1' })).toMatchObject({
    status: 422,
    body: { error: { code: 'key_reused', retryable: false } },
  });
  const again = { ...fields, metadata: { chat_title: 'Renamed' }, time_limit_ms: 5_000 };
  expect((await server.ask(routes.create, again, { key: 'update-1' })).body.response).toBe(
    first.body.response,
  );
  expect(server.runtime.runs).toHaveLength(1);
});

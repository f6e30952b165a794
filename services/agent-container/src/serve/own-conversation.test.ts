import { messagePath, routes } from '@omnicloud/protocol';
import { attachmentObjectKey } from '@omnicloud/storage';
import { expect, it } from 'vitest';
import { type AgentServer, agentServer, TOKEN } from './agent-server.fixture.ts';

const THEIRS = '8:0';
const SECRET = { id: '1-0', name: 'secret.txt' };
const REFUSED = { error: { code: 'bad_request' } };
const UNKNOWN = { error: { code: 'session_unknown' } };

/** A server that keeps a file of another chat. */
async function serverWithTheirFile(): Promise<AgentServer> {
  const server = await agentServer();
  await server.store.put(
    attachmentObjectKey(THEIRS, SECRET.id),
    new TextEncoder().encode('theirs'),
    undefined,
  );
  return server;
}

async function ask(
  server: AgentServer,
  {
    path,
    fields,
    tenant,
  }: { readonly path: string; readonly fields: object; readonly tenant?: string | undefined },
): Promise<unknown> {
  const headers = {
    authorization: `Bearer ${TOKEN}`,
    ...(tenant === undefined ? {} : { 'x-session-key': tenant }),
  };
  return (await server.post(path, JSON.stringify({ user_message: 'Read it', ...fields }), headers)).json();
}

it('A new session cannot have the files of another chat', async () => {
  const server = await serverWithTheirFile();
  const fields = { chat_id: '9', attachments: [SECRET], metadata: { session_key: THEIRS } };
  expect(await ask(server, { path: routes.create, fields })).toMatchObject(REFUSED);
  expect(
    await ask(server, {
      path: routes.create,
      fields: { chat_id: '8', attachments: [SECRET] },
      tenant: '9:0',
    }),
  ).toMatchObject(REFUSED);
  expect(server.runtime.runs).toHaveLength(0);
});

it('Nor can one that goes on', async () => {
  const server = await serverWithTheirFile();
  const { body } = await server.create({ chat_id: '9' });
  const path = messagePath(String(body.session_id));
  const fields = { attachments: [SECRET], metadata: { session_key: THEIRS } };
  expect(await ask(server, { path, fields })).toMatchObject(UNKNOWN);
  expect(await ask(server, { path, fields, tenant: THEIRS })).toMatchObject(UNKNOWN);
  expect(await ask(server, { path, fields, tenant: '9:0' })).toMatchObject(REFUSED);
  expect(server.runtime.runs).toHaveLength(1);
});

it('A session has the files of its own conversation, also as the supergroup that its group became', async () => {
  const server = await serverWithTheirFile();
  const { body } = await server.create({ chat_id: '8' });
  const path = messagePath(String(body.session_id));
  const own = { attachments: [SECRET], metadata: { session_key: THEIRS } };
  expect(await ask(server, { path, fields: own, tenant: THEIRS })).not.toHaveProperty('error');
  await server.store.put(
    attachmentObjectKey('-100:0', SECRET.id),
    new TextEncoder().encode('ours'),
    undefined,
  );
  await server.table.inherit('-100:0', THEIRS);
  const after = { attachments: [SECRET], metadata: { session_key: '-100:0' } };
  expect(await ask(server, { path, fields: after, tenant: '-100:0' })).not.toHaveProperty('error');
  expect(server.runtime.runs).toHaveLength(3);
});

it('An environment that is set aside for a conversation serves no other, by any route', async () => {
  const server = await serverWithTheirFile();
  const { body } = await server.create({ chat_id: '8' });
  const sessionId = String(body.session_id);
  const bindings = { tenantId: '9:0' };
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const statusOf = async (
    path: string,
    fields: object | undefined,
    named: string | undefined,
  ): Promise<number> => {
    const given = named === undefined ? headers : { ...headers, 'x-session-key': named };
    const sent = fields === undefined ? {} : { method: 'POST', body: JSON.stringify(fields) };
    return (await server.app.request(path, { ...sent, headers: given }, bindings)).status;
  };
  const message = { user_message: 'Read it' };
  for (const named of [undefined, THEIRS, '9:00', '9:0 ,8:0']) {
    expect(await statusOf(routes.create, { ...message, chat_id: '8' }, named)).toBe(400);
    expect(await statusOf(messagePath(sessionId), message, named)).toBe(400);
    for (const what of ['files', 'export', 'debug'])
      expect(await statusOf(`/session/${sessionId}/${what}`, undefined, named)).toBe(400);
  }
  expect(await statusOf(routes.create, { ...message, chat_id: '8' }, '9:0')).toBe(400);
  expect(server.runtime.runs).toHaveLength(1);
  expect(await statusOf(routes.create, { ...message, chat_id: '9' }, '9:0')).toBe(200);
});

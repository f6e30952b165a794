import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportPath, fileRoutes, filePath, messagePath, outboxPath, routes } from '@omnicloud/protocol';
import { ownerObject, sessionObjectKey } from '@omnicloud/storage';
import { describe, expect, it } from 'vitest';
import { AgentError } from '../errors.ts';
import { answering, type Script } from '../run/scripted-runtime.fixture.ts';
import { type AgentServer, agentServer, TOKEN } from './agent-server.fixture.ts';
import { INVOCATIONS } from './app.ts';

const OURS = '8:0';
const THEIRS = '9:0';
const NO_SESSION = '0190c8a4-0000-4000-8000-000000000009';
const NO_FILE = '0190c8a4-0000-4000-8000-00000000000f';

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function request(
  server: AgentServer,
  {
    path,
    named,
    fields,
  }: { readonly path: string; readonly named: string | undefined; readonly fields?: object | undefined },
): Promise<Answer> {
  const headers: Record<string, string> = {
    authorization: `Bearer ${TOKEN}`,
    'content-type': 'application/json',
  };
  if (named !== undefined) headers['x-session-key'] = named;
  const sent = fields === undefined ? {} : { method: 'POST', body: JSON.stringify(fields) };
  const response = await server.app.request(path, { ...sent, headers });
  return { status: response.status, body: await response.text() };
}

/** Every request that names a session. */
const ways = (id: string, fileId: string): [string, object?][] => [
  [filePath('files', id)],
  [filePath('files', id.toUpperCase())],
  [exportPath(id, false)],
  [exportPath(id, true)],
  [filePath('debug', id)],
  [outboxPath(id, fileId)],
  [messagePath(id), { user_message: 'What do you know?' }],
  [INVOCATIONS, { user_message: 'What do you know?', session_id: id }],
];

const sending: Script = async function* (run) {
  await writeFile(join(run.home.workspace, 'mine.txt'), 'mine');
  await run.outbox.add('mine.txt');
  yield* answering('Sent')(run);
};

async function sessionOf(server: AgentServer, chatId: string): Promise<{ id: string; fileId: string }> {
  server.runtime.follow(sending);
  const { body } = await server.ask(routes.create, { chat_id: chatId, user_message: 'Send' });
  const [file] = body.files as { file_id: string }[];
  return { id: String(body.session_id), fileId: file?.file_id ?? '' };
}

describe('Who names another conversation', () => {
  it('has nothing of a session by any route, and is told the same as of one that does not exist', async () => {
    const server = await agentServer();
    const { id, fileId } = await sessionOf(server, '8');
    await sessionOf(server, '9');
    const runs = server.runtime.runs.length;
    const names = [
      THEIRS,
      '',
      ' ',
      '8',
      '8:0, 9:0',
      '8:0,8:0',
      '08:0',
      '8:00',
      '8:0/../9_0',
      '../8_0',
      '7:0',
    ];
    const nothing = ways(NO_SESSION, NO_FILE);
    for (const [index, [path, fields]] of ways(id, fileId).entries()) {
      const [missing = '', missingFields] = nothing[index] ?? [];
      for (const named of names) {
        const refused = await request(server, { path, named, fields });
        expect(refused, `${path} as ${named}`).toMatchObject({ status: 404 });
        expect(refused, `${path} as ${named}`).toEqual(
          await request(server, { path: missing, named, fields: missingFields }),
        );
      }
    }
    expect(server.runtime.runs).toHaveLength(runs);
    expect((await server.table.find(OURS))?.sessionId).toBe(id);
  });

  it('has nothing of it either while it runs, nor by naming it in the body alone', async () => {
    const server = await agentServer();
    const { id } = await sessionOf(server, '8');
    const asked = { user_message: 'What do you know?', metadata: { session_key: THEIRS } };
    for (const [path, more] of [[messagePath(id)], [INVOCATIONS, { session_id: id }]] as const) {
      expect(await request(server, { path, named: undefined, fields: { ...asked, ...more } })).toMatchObject({
        status: 404,
      });
      expect(await request(server, { path, named: THEIRS, fields: { ...asked, ...more } })).toMatchObject({
        status: 404,
      });
      expect(await request(server, { path, named: OURS, fields: { ...asked, ...more } })).toMatchObject({
        status: 400,
      });
    }
    let answer: Answer | undefined;
    server.runtime.follow(async function* (run) {
      answer = await request(server, {
        path: messagePath(id),
        named: THEIRS,
        fields: { user_message: 'And now?' },
      });
      yield* answering('Done')(run);
    });
    await request(server, { path: messagePath(id), named: OURS, fields: { user_message: 'Go on' } });
    expect(answer).toMatchObject({ status: 404 });
  });

  it('makes no session its own by trying', async () => {
    const server = await agentServer();
    const { id } = await sessionOf(server, '8');
    await request(server, {
      path: messagePath(id),
      named: THEIRS,
      fields: { user_message: 'Hi', metadata: { session_key: THEIRS } },
    });
    expect(await server.store.list(`sessions/${id}/owners/`)).toMatchObject([
      { key: `sessions/${id}/owners/8_0` },
    ]);
  });
});

describe('A session answers to its own conversation', () => {
  async function expectAll(
    server: AgentServer,
    {
      named,
      id,
      fileId,
    }: { readonly named: string | undefined; readonly id: string; readonly fileId: string },
  ) {
    for (const [path, fields] of ways(id, fileId))
      expect(await request(server, { path, named, fields }), path).toMatchObject({ status: 200 });
  }

  it('by every route, and to whoever names none', async () => {
    const server = await agentServer();
    const { id, fileId } = await sessionOf(server, '8');
    await expectAll(server, { named: OURS, id, fileId });
    await expectAll(server, { named: undefined, id, fileId });
  });

  it('also when the conversation goes on with another one', async () => {
    const server = await agentServer();
    const { id, fileId } = await sessionOf(server, '8');
    await server.table.forget(OURS, id);
    await sessionOf(server, '8');
    await expectAll(server, { named: OURS, id, fileId });
  });

  it('also as the supergroup that the group became, and later sessions of that are not the group’s', async () => {
    const server = await agentServer();
    const { id, fileId } = await sessionOf(server, '-5');
    await server.table.inherit('-1005:0', '-5:0');
    await expectAll(server, { named: '-1005:0', id, fileId });
    await server.table.forget('-1005:0', id);
    const next = await sessionOf(server, '-1005');
    await expectAll(server, { named: '-1005:0', id, fileId });
    await expectAll(server, { named: '-5:0', id, fileId });
    for (const [path, fields] of ways(next.id, next.fileId))
      expect(await request(server, { path, named: '-5:0', fields }), path).toMatchObject({ status: 404 });
  });

  it('also when it was saved before this was kept, as long as the conversation goes on with it', async () => {
    const server = await agentServer();
    const { id, fileId } = await sessionOf(server, '8');
    await server.store.delete(sessionObjectKey(id, ownerObject(OURS) ?? 'outbox/none'));
    await expectAll(server, { named: OURS, id, fileId });
    // Its next turn has kept it.
    await server.table.forget(OURS, id);
    await expectAll(server, { named: OURS, id, fileId });
  });

  it('with a file of a first turn that could not be saved', async () => {
    const server = await agentServer();
    server.store.failOn(/conversation/, new AgentError('store_unavailable', 'The store is down'));
    server.runtime.follow(sending);
    const events = await (await server.createStream({ chat_id: '8' })).rest();
    const id = events.find((event) => event.type === 'accepted')?.session_id ?? '';
    const fileId = events.find((event) => event.type === 'file')?.file_id ?? '';
    expect(await request(server, { path: outboxPath(id, fileId), named: OURS })).toEqual({
      status: 200,
      body: 'mine',
    });
    expect(await request(server, { path: outboxPath(id, fileId), named: THEIRS })).toMatchObject({
      status: 404,
    });
  });
});

it('Whether a session is the caller’s is not passed over when it cannot be told', async () => {
  const server = await agentServer();
  const { id, fileId } = await sessionOf(server, '8');
  server.store.failOn(/owners/, new AgentError('store_unavailable', 'The store is down'));
  // Each of them is tried again for two seconds.
  const asked = ways(id, fileId).map(([path, fields]) => request(server, { path, named: OURS, fields }));
  for (const answer of await Promise.all(asked)) expect(answer).toMatchObject({ status: 503 });
});

it('Every route with a session in its path is among those that are tried here', () => {
  const tried = ways(':session_id', ':file_id').map(([path]) => path.replace(/\?.*/, ''));
  for (const route of [...Object.values(fileRoutes), routes.message]) expect(tried).toContain(route);
});

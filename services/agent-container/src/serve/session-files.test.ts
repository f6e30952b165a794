import { execFile } from 'node:child_process';
import { readdir, readFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exportPath, filePath, messagePath, routes, sessionFilesSchema } from '@omnicloud/protocol';
import { sessionObjectKey } from '@omnicloud/storage';
import { describe, expect, it } from 'vitest';
import { answering } from '../run/scripted-runtime.fixture.ts';
import { LONE_HOME_LIMITS } from '../session/home/idle-homes.ts';
import { temporaryDirectory } from '../session/home/temporary-directory.fixture.ts';
import { type AgentServer, agentServer } from './agent-server.fixture.ts';

const UNKNOWN = '0190c8a4-0000-4000-8000-000000000009';
const ROUTES = ['files', 'export', 'debug'] as const;

/** An agent that writes these files into its workspace, and answers. */
function writing(server: AgentServer, files: Record<string, string>): void {
  server.runtime.follow(async function* (run) {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(join(run.home.workspace, name, '..'), { recursive: true });
      await writeFile(join(run.home.workspace, name), content);
    }
    yield* answering('Done')(run);
  });
}

async function sessionWith(server: AgentServer, files: Record<string, string>): Promise<string> {
  writing(server, files);
  const { body } = await server.ask(routes.create, { chat_id: '9', user_message: 'Write' });
  return String(body.session_id);
}

async function unpacked(response: Response): Promise<Record<string, string>> {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/gzip');
  const directory = await temporaryDirectory();
  await writeFile(`${directory}.tar.gz`, Buffer.from(await response.arrayBuffer()));
  await promisify(execFile)('tar', ['xzf', `${directory}.tar.gz`, '-C', directory]);
  await rm(`${directory}.tar.gz`);
  const items = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = items.filter((item) => !item.isDirectory()).map((item) => join(item.parentPath, item.name));
  const contents = files.map(async (path): Promise<[string, string]> => [
    path.slice(directory.length + 1),
    await readFile(path, 'utf8'),
  ]);
  return Object.fromEntries(await Promise.all(contents));
}

describe('The files of a session', () => {
  it('are listed with size and time, as the last saved turn left them', async () => {
    const server = await agentServer();
    const id = await sessionWith(server, { 'notes.md': 'Grüße', 'src/main.py': 'print(1)' });
    const listed = sessionFilesSchema.parse(await (await server.show(filePath('files', id))).json());
    expect(listed.files).toEqual([
      { path: 'notes.md', size: 7, modified: expect.any(String) as string },
      { path: 'src/main.py', size: 8, modified: expect.any(String) as string },
    ]);
  });

  it('are told of when a turn ends, and when they were over the limit', async () => {
    const server = await agentServer({ workspaceLimits: { bytes: 5, files: 10, excludes: [] } });
    writing(server, { small: 'a', large: 'more than five' });
    const { body } = await server.ask(routes.create, { chat_id: '9', user_message: 'Write' });
    expect(body.workspace).toEqual({ files: 1, bytes: 1, skipped: 1, is_over_limit: true });
  });

  it('that are lost are counted and reported, and the turn goes on', async () => {
    const server = await agentServer();
    const id = await sessionWith(server, { 'notes.md': 'mine' });
    for (const { key } of await server.store.list(`sessions/${id}/packs/`)) await server.store.delete(key);
    await rm(server.runtime.runs[0]?.home.root ?? '', { recursive: true });
    server.runtime.follow(answering('Still here'));
    const { status, body } = await server.ask(messagePath(id), { user_message: 'And now?' });
    expect([status, body.response]).toEqual([200, 'Still here']);
    expect(body.workspace).toMatchObject({ files: 0, lost: 1 });
    expect(server.reported).toMatchObject([{ sessionId: id, error: { code: 'internal' } }]);
  });
});

describe('An export', () => {
  it('is an archive of the session and the workspace, links included; with the debug log for who asks for it', async () => {
    const server = await agentServer();
    const id = await sessionWith(server, { 'notes.md': 'Grüße', 'copy.md': 'Grüße', 'é/empty': '' });
    server.runtime.follow(async function* (run) {
      await symlink('notes.md', join(run.home.workspace, 'link'));
      await writeFile(join(run.home.workspace, 'later'), 'in another pack');
      yield* answering('Done')(run);
    });
    await server.ask(messagePath(id), { user_message: 'More' });
    const conversation = await server.store.get(sessionObjectKey(id, 'conversation.jsonl'));
    const session = {
      'conversation.jsonl': Buffer.from(conversation?.body ?? []).toString(),
      'todos.json': '[]\n',
      'workspace/notes.md': 'Grüße',
      'workspace/copy.md': 'Grüße',
      'workspace/é/empty': '',
      'workspace/later': 'in another pack',
      'workspace/link': 'Grüße',
    };
    expect(await unpacked(await server.show(exportPath(id, false)))).toEqual(session);
    expect(await unpacked(await server.show(exportPath(id, true)))).toEqual({
      ...session,
      'debug.txt': expect.stringContaining('=== turn ') as string,
    });
    expect((await server.show(`${exportPath(id, true)}x`)).status).toBe(400);
  });

  it.skipIf(process.platform === 'win32')(
    'unpacks also with names as no sane person gives them',
    async () => {
      const names = [
        'line\nbreak',
        'é'.repeat(120),
        '-rf',
        'back\\slash',
        ' spaces ',
        '$(touch x)',
        `${'deep/'.repeat(60)}x`,
      ];
      const server = await agentServer();
      const id = await sessionWith(
        server,
        Object.fromEntries(names.map((name, index) => [name, `${index}`])),
      );
      expect(await unpacked(await server.show(filePath('export', id)))).toMatchObject(
        Object.fromEntries(names.map((name, index) => [`workspace/${name}`, `${index}`])),
      );
    },
  );

  it('breaks off when a part of it is missing, instead of being quietly smaller', async () => {
    const server = await agentServer();
    const id = await sessionWith(server, { 'notes.md': 'mine' });
    for (const { key } of await server.store.list(`sessions/${id}/packs/`)) await server.store.delete(key);
    const response = await server.show(filePath('export', id));
    await expect(response.arrayBuffer()).rejects.toThrow();
  });
});

it('The debug archive holds the three objects alone', async () => {
  const server = await agentServer();
  const id = await sessionWith(server, { 'notes.md': 'mine' });
  expect(Object.keys(await unpacked(await server.show(filePath('debug', id)))).sort()).toEqual([
    'conversation.jsonl',
    'debug.txt',
    'todos.json',
  ]);
});

describe.each(ROUTES)('GET %s', (route) => {
  it('needs the token, a session, and a proper id', async () => {
    const server = await agentServer();
    expect((await server.get(filePath(route, UNKNOWN))).status).toBe(401);
    expect((await server.show(filePath(route, UNKNOWN))).status).toBe(404);
    expect((await server.show(filePath(route, '..%2f..%2fother'))).status).toBe(400);
  });
});

it('What a run leaves in its temporary directory is gone when it has ended, well or not', async () => {
  const server = await agentServer();
  server.runtime.follow(async function* (run) {
    await writeFile(join(run.home.temporary, 'probe'), '');
    yield* answering('Done')(run);
  });
  const { body } = await server.ask(routes.create, { chat_id: '9', user_message: 'Hi' });
  const [{ home } = {}] = server.runtime.runs;
  expect(await readdir(home?.root ?? '')).not.toContain('tmp');
  server.runtime.follow(async function* (run) {
    await writeFile(join(run.home.temporary, 'probe'), '');
    yield { type: 'text', offset: 0, delta: 'x' };
    throw new Error('The agent failed');
  });
  await server.ask(messagePath(String(body.session_id)), { user_message: 'Hi' });
  // A home that was not saved holds nothing that is still needed.
  expect(await readdir(join(home?.root ?? '', '..'))).toEqual([]);
});

it('Homes that are idle are removed beyond the limit, the longest unused first; they come back from the store', async () => {
  const server = await agentServer({ idleHomeLimits: { ...LONE_HOME_LIMITS, homes: 1 } });
  const first = await sessionWith(server, { 'notes.md': 'mine' });
  await sessionWith(server, {});
  const [one] = server.runtime.runs;
  expect(await readdir(join(one?.home.root ?? '', '..'))).not.toContain(first);
  server.runtime.follow(async function* (run) {
    yield* answering(await readFile(join(run.home.workspace, 'notes.md'), 'utf8'))(run);
  });
  expect(await server.ask(messagePath(first), { user_message: 'Hi' })).toMatchObject({
    body: { response: 'mine' },
  });
});

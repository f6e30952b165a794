import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messagePath, outboxPath, routes, type SentFile } from '@omnicloud/protocol';
import { attachmentObjectKey } from '@omnicloud/storage';
import { describe, expect, it } from 'vitest';
import { AgentError } from '../errors.ts';
import { answering, failing, type Script } from '../run/scripted-runtime.fixture.ts';
import { type AgentServer, agentServer } from './agent-server.fixture.ts';

/** An agent that writes a file, sends it and answers. */
function sending(name: string, content: string): Script {
  return async function* (run) {
    await writeFile(join(run.home.workspace, name), content);
    await run.outbox.add(name, 'Here it is');
    yield* answering('Done')(run);
  };
}

async function textOf(server: AgentServer, sessionId: string, fileId: string): Promise<string> {
  return (await server.show(outboxPath(sessionId, fileId))).text();
}

describe('A file that the agent sends', () => {
  it('is told of before the end, when it can be fetched', async () => {
    const server = await agentServer();
    server.runtime.follow(sending('a b.md', 'Grüße'));
    const events = await (await server.createStream()).rest();
    expect(events.map(({ type }) => type)).toEqual(['accepted', 'text', 'answer', 'file', 'finished']);
    const file = events.find((event) => event.type === 'file');
    expect(file).toMatchObject({ name: 'a b.md', size: 7, caption: 'Here it is' });
    const { session_id: sessionId } = events[0] as { session_id: string };
    const response = await server.show(outboxPath(sessionId, file?.file_id ?? ''));
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).toBe('Grüße');
  });

  it('is told of again when the turn is asked again, and not by the next one', async () => {
    const server = await agentServer();
    server.runtime.follow(sending('a.md', 'one'));
    const fields = { chat_id: '9', user_message: 'Send it' };
    const first = await server.ask(routes.create, fields, { key: 'update-1' });
    const again = await server.ask(routes.create, fields, { key: 'update-1' });
    expect(first.body.files).toEqual([expect.objectContaining({ name: 'a.md', size: 3 })]);
    expect(again.body.files).toEqual(first.body.files);
    expect(server.runtime.runs).toHaveLength(1);
    server.runtime.follow(answering('Nothing to send'));
    const next = await server.send(String(first.body.session_id));
    expect(next.body).not.toHaveProperty('files');
    const [file] = first.body.files as SentFile[];
    expect(await textOf(server, String(first.body.session_id), file?.file_id ?? '')).toBe('one');
  });

  it('is not stored when the turn fails', async () => {
    const server = await agentServer();
    server.runtime.follow(async function* (run) {
      await writeFile(join(run.home.workspace, 'a'), 'a');
      await run.outbox.add('a');
      yield* failing(new Error('broken'))(run);
    });
    const events = await (await server.createStream()).rest();
    const { session_id: sessionId } = events[0] as { session_id: string };
    expect(await server.store.list(`sessions/${sessionId}/outbox/`)).toEqual([]);
  });

  it('of another session, or none, cannot be had', async () => {
    const server = await agentServer();
    server.runtime.follow(sending('a.md', 'one'));
    const one = await server.create();
    server.runtime.follow(answering('Hello'));
    const other = await server.create({ chat_id: '8' });
    const [file] = one.body.files as SentFile[];
    const path = outboxPath(String(other.body.session_id), file?.file_id ?? '');
    expect((await server.show(path)).status).toBe(404);
    expect((await server.get(outboxPath(String(one.body.session_id), file?.file_id ?? ''))).status).toBe(401);
    expect(
      (await server.show(outboxPath(String(one.body.session_id), '..%2fconversation.jsonl'))).status,
    ).toBe(400);
  });
});

describe('A file that the user sends', () => {
  const attachments = [{ id: '7-0', name: 'data.csv', media_type: 'text/csv' }];

  it('lies in the workspace, and the prompt names it', async () => {
    const server = await agentServer();
    await server.store.put(attachmentObjectKey('9:0', '7-0'), Buffer.from('a,b\n'));
    const { status } = await server.ask(routes.create, { chat_id: '9', user_message: '', attachments });
    expect(status).toBe(200);
    expect(server.runtime.runs[0]?.prompt).toBe('[Attached file: inbox/data.csv (text/csv, 4 bytes)]');
  });

  it('comes with a later message, too, by the conversation that it was sent in', async () => {
    const server = await agentServer();
    const { body } = await server.create({ chat_id: '9' });
    await server.store.put(attachmentObjectKey('9:0', '7-0'), Buffer.from('a,b\n'));
    const path = messagePath(String(body.session_id));
    const metadata = { session_key: '9:0' };
    const sent = await server.ask(path, { user_message: 'See', attachments, metadata });
    expect(sent.status).toBe(200);
    expect(server.runtime.runs[1]?.prompt).toBe('See\n\n[Attached file: inbox/data.csv (text/csv, 4 bytes)]');
    const nowhere = await server.ask(path, { user_message: 'See', attachments });
    expect(nowhere.body).toMatchObject({ error: { code: 'bad_request' } });
    const elsewhere = await server.ask(path, {
      user_message: 'See',
      attachments,
      metadata: { session_key: '8:0' },
    });
    expect(elsewhere.body).toMatchObject({ error: { code: 'session_unknown' } });
  });

  it('is there once when the turn is tried again', async () => {
    const server = await agentServer();
    const { body } = await server.create({ chat_id: '9' });
    await server.store.put(attachmentObjectKey('9:0', '7-0'), Buffer.from('a,b\n'));
    const path = messagePath(String(body.session_id));
    const asked = { user_message: 'See', attachments, metadata: { session_key: '9:0' } };
    server.runtime.follow(failing(new Error('broken')));
    await server.ask(path, asked);
    server.runtime.follow(answering('ok'));
    await server.ask(path, asked);
    expect(server.runtime.runs.slice(1).map(({ prompt }) => prompt)).toEqual([
      'See\n\n[Attached file: inbox/data.csv (text/csv, 4 bytes)]',
      'See\n\n[Attached file: inbox/data.csv (text/csv, 4 bytes)]',
    ]);
  });
});

describe('A file of a turn that cannot be saved', () => {
  const down = new AgentError('store_unavailable', 'The store is down');

  it('is stored all the same, and told of before the failure', async () => {
    const server = await agentServer();
    server.store.failOn(/conversation/, down);
    server.runtime.follow(sending('a.md', 'one'));
    const events = await (await server.createStream()).rest();
    expect(events.map(({ type }) => type)).toEqual(['accepted', 'text', 'answer', 'file', 'failed']);
    expect(events.at(-1)).not.toHaveProperty('lost_files');
    const { session_id: sessionId } = events[0] as { session_id: string };
    const file = events.find((event) => event.type === 'file');
    expect(await textOf(server, sessionId, file?.file_id ?? '')).toBe('one');
  });

  it('is counted when it cannot be stored either', async () => {
    const server = await agentServer();
    server.store.failOn(/conversation|outbox/, down);
    server.runtime.follow(sending('a.md', 'one'));
    const events = await (await server.createStream()).rest();
    expect(events.map(({ type }) => type)).toEqual(['accepted', 'text', 'answer', 'failed']);
    expect(events.at(-1)).toMatchObject({ error: { code: 'store_unavailable' }, lost_files: 1 });
  });
});

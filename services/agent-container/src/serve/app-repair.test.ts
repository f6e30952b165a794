import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answering } from '../run/scripted-runtime.fixture.ts';
import { jsonl, wholeTurn } from '../session/transcript/transcript.fixture.ts';
import { type AgentServer, agentServer } from './agent-server.fixture.ts';

/** A server with a session whose stored conversation ends in the middle of its second turn. */
async function damagedSession(): Promise<{
  server: AgentServer;
  sessionId: string;
  key: string;
  whole: string;
}> {
  const server = await agentServer();
  const sessionId = String((await server.create()).body.session_id);
  const key = `sessions/${sessionId}/conversation.jsonl`;
  const first = wholeTurn();
  const whole = jsonl(...first);
  const [user] = wholeTurn({ after: first[1] });
  await server.store.put(key, Buffer.from(`${whole}${jsonl(user)}{"parent`));
  server.store.puts.splice(0);
  return { server, sessionId, key, whole };
}

it('A session whose conversation is damaged goes on with what can be read, and accepted says how many turns are lost', async () => {
  const { server, sessionId, key } = await damagedSession();
  const events = await (await server.sendStream(sessionId)).rest();
  expect(events[0]).toEqual({ type: 'accepted', session_id: sessionId, is_new: false, repaired: 1 });
  expect(events.at(-1)).toMatchObject({ type: 'finished' });
  expect(server.runtime.runs.at(-1)?.isResumed).toBe(true);
  expect(server.reported).toMatchObject([{ sessionId, error: { code: 'internal' } }]);
  expect(server.store.puts.at(-1)).toBe(key);
  const [next] = await (await server.sendStream(sessionId)).rest();
  expect(next).toEqual({ type: 'accepted', session_id: sessionId, is_new: false });
});

it('The repaired conversation replaces the damaged one only if that is still the stored one', async () => {
  const { server, sessionId, key } = await damagedSession();
  const other = jsonl(...wholeTurn({ answer: 'From elsewhere' }));
  server.runtime.follow(async function* (run) {
    await server.store.put(key, Buffer.from(other));
    yield* answering('Too late')(run);
  });
  const events = await (await server.sendStream(sessionId)).rest();
  expect(events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'lease_lost' } });
  expect(Buffer.from((await server.store.get(key))?.body ?? []).toString()).toBe(other);
});

it('A session whose conversation is beyond repair is unknown, and is not left busy', async () => {
  const { server, sessionId, key } = await damagedSession();
  await server.store.put(key, Buffer.from('garbage'));
  const unknown = { status: 404, body: { error: { code: 'session_unknown', retryable: false } } };
  expect(await server.send(sessionId)).toMatchObject(unknown);
  expect(await server.send(sessionId)).toMatchObject(unknown);
  expect(server.runtime.runs).toHaveLength(1);
});

describe('A session whose list of files', () => {
  const listOf = async (server: AgentServer, sessionId: string): Promise<string> => {
    const [list] = await server.store.list(`sessions/${sessionId}/snapshots/`);
    return list?.key ?? '';
  };

  it.each<[string, (server: AgentServer, key: string) => Promise<unknown>, number]>([
    [
      'is cut off',
      async ({ store }, key) => {
        const { body = Buffer.of() } = (await store.get(key)) ?? {};
        await store.put(key, body.subarray(0, body.byteLength / 2));
      },
      1,
    ],
    ['is missing', ({ store }, key) => store.delete(key), 0],
  ])('%s goes on, says that its files are lost, and keeps what is damaged', async (_, harm, kept) => {
    const server = await agentServer();
    server.runtime.follow(async function* (run) {
      await writeFile(join(run.home.workspace, 'notes.md'), 'hello');
      yield* answering('Written')(run);
    });
    const sessionId = String((await server.create()).body.session_id);
    const key = await listOf(server, sessionId);
    const list = await server.store.get(key);
    await harm(server, key);
    const harmed = await server.store.get(key);
    // Another machine has no files of its own.
    await rm(server.runtime.runs[0]?.home.root ?? '', { recursive: true });
    server.runtime.follow(answering('Hello again'));
    const events = await (await server.sendStream(sessionId)).rest();
    expect(events[0]).not.toHaveProperty('repaired');
    expect(events.at(-1)).toMatchObject({ type: 'finished', workspace: { files: 0, is_list_lost: true } });
    expect(server.reported).toMatchObject([{ sessionId, error: { code: 'internal' } }]);
    const aside = (await server.store.list(`sessions/${sessionId}/`)).filter(({ key: name }) =>
      /\/damaged-[0-9a-f]{64}\.json$/.test(name),
    );
    expect(aside).toHaveLength(kept);
    if (aside[0]) expect((await server.store.get(aside[0].key))?.body).toEqual(harmed?.body);
    expect(list).toBeDefined();

    const [, ...next] = await (await server.sendStream(sessionId)).rest();
    expect(JSON.stringify(next)).not.toContain('is_list_lost');
  });

  it('was never there, because it never had files, says nothing', async () => {
    const server = await agentServer();
    const sessionId = String((await server.create()).body.session_id);
    await server.store.delete(await listOf(server, sessionId));
    const events = await (await server.sendStream(sessionId)).rest();
    expect(JSON.stringify(events)).not.toContain('is_list_lost');
    expect(server.reported).toEqual([]);
  });
});

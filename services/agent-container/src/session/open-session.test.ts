import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AgentError } from '../errors.ts';
import { DirectorySessionStore } from './store/directory-session-store.ts';
import { openSession } from './open-session.ts';
import { RecordingSessionStore } from './store/recording-session-store.fixture.ts';
import { temporaryDirectory } from './home/temporary-directory.fixture.ts';
import { jsonl, wholeTurn } from './transcript/transcript.fixture.ts';

const ID = '0190c8a4-0000-4000-8000-000000000001';
const CONVERSATION = `sessions/${ID}/conversation.jsonl`;
const ASIDE = new RegExp(`^sessions/${ID}/damaged-[0-9a-f]{64}\\.jsonl$`);

const turn = wholeTurn({ says: 'Grüße 👋' });
const whole = jsonl(...turn);
const readable = `${whole}{"type":"queue-operation","operation":"enqueue"}\n`;
const damaged = `${readable}{"parentUuid":"`;

/** A store whose session has this conversation and a task list, and a way to open it. */
async function storeWith(conversation: string): Promise<{
  store: RecordingSessionStore;
  version: string;
  reported: AgentError[];
  open: () => ReturnType<typeof openSession>;
}> {
  const store = new RecordingSessionStore(
    new DirectorySessionStore(join(await temporaryDirectory(), 'objects')),
  );
  const version = await store.put(CONVERSATION, Buffer.from(conversation));
  await store.put(`sessions/${ID}/todos.json`, Buffer.from('[]'));
  store.puts.splice(0);
  const reported: AgentError[] = [];
  return { store, version, reported, open: () => openSession(store, ID, (error) => reported.push(error)) };
}

async function textOf(store: RecordingSessionStore, key: string | undefined): Promise<string> {
  return Buffer.from((await store.get(key ?? ''))?.body ?? []).toString();
}

describe('a session that goes on', () => {
  it('is opened as it is stored when its conversation is sound, and nothing is written', async () => {
    const { store, version, reported, open } = await storeWith(whole);
    const opened = await open();
    expect(Buffer.from(opened.conversation ?? []).toString()).toBe(whole);
    expect([opened.version, opened.lostTurns]).toEqual([version, undefined]);
    expect([store.puts, reported]).toEqual([[], []]);
  });

  it('is opened with what can be read when its conversation is damaged, under the version of the damaged object', async () => {
    const { version, open } = await storeWith(damaged);
    const opened = await open();
    expect(Buffer.from(opened.conversation ?? []).toString()).toBe(readable);
    expect([opened.version, opened.lostTurns]).toEqual([version, 1]);
    expect(Buffer.from(opened.todos ?? []).toString()).toBe('[]');
  });

  it('is unknown when there is no conversation', async () => {
    const { store, open } = await storeWith(whole);
    await expect(openSession(store, ID.replace(/1$/, '2'), () => undefined)).rejects.toMatchObject({
      code: 'session_unknown',
    });
    await expect(open()).resolves.toBeDefined();
    expect(store.puts).toEqual([]);
  });
});

describe('a damaged conversation', () => {
  it.each([
    ['that can be repaired', damaged],
    ['that cannot', 'garbage'],
  ])('%s is kept aside as it is, reported, and not replaced yet', async (_, conversation) => {
    const { store, reported, open } = await storeWith(conversation);
    await open().catch(() => undefined);
    expect(store.puts).toEqual([expect.stringMatching(ASIDE)]);
    expect(await textOf(store, store.puts[0])).toBe(conversation);
    expect(await textOf(store, CONVERSATION)).toBe(conversation);
    expect(reported).toEqual([expect.any(AgentError)]);
    expect(reported[0]?.message).toContain(store.puts[0]);
  });

  it('is kept once, however often it is opened before the next save replaces it', async () => {
    const { store, open } = await storeWith(damaged);
    const [first, again] = [await open(), await open()];
    expect(again).toEqual(first);
    expect(store.puts).toHaveLength(1);
  });

  it('beyond repair makes the session unknown, with the damage as the cause', async () => {
    const { reported, open } = await storeWith('');
    const error: unknown = await open().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'session_unknown', cause: reported[0] });
    expect(reported).toHaveLength(1);
  });

  it('that cannot be kept aside is not given up: the session cannot be opened now', async () => {
    const { store, open } = await storeWith(damaged);
    const refusal = new AgentError('store_unavailable', 'No');
    store.failOn(/damaged/, refusal);
    await expect(open()).rejects.toBe(refusal);
    expect(await textOf(store, CONVERSATION)).toBe(damaged);
  });
});

it('A damaged task list is kept aside once and reported, and the conversation goes on', async () => {
  const { store, reported, open } = await storeWith(whole);
  await store.put(`sessions/${ID}/todos.json`, Buffer.from('[{"id":'));
  store.puts.splice(0);
  await open();
  expect(Buffer.from((await open()).conversation ?? []).toString()).toBe(whole);
  expect(store.puts).toEqual([expect.stringMatching(/\/damaged-[0-9a-f]{64}\.json$/)]);
  expect(await textOf(store, store.puts[0])).toBe('[{"id":');
  expect(reported[0]?.message).toContain(store.puts[0]);
});

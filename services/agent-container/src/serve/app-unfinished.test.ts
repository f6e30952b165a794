import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  IDEMPOTENCY_HEADER,
  messagePath,
  NDJSON_MEDIA_TYPE,
  type RunEvent,
  routes,
} from '@omnicloud/protocol';
import { expect, it } from 'vitest';
import { AgentError } from '../errors.ts';
import { answering, type Script, SUMMARY } from '../run/scripted-runtime.fixture.ts';
import { assistantEntry, userEntry } from '../session/transcript/transcript.fixture.ts';
import { type AgentServer, agentServer, TOKEN } from './agent-server.fixture.ts';
import { append, failingAfterWork } from './turn/failing-after-work.fixture.ts';
import { GO_ON } from './turn/go-on.ts';

const DOWN = new AgentError('model_unavailable', 'The model is down');
const REFUSED = new AgentError('model_refused', 'No', { isContentRefused: true });
const ASKED = { chat_id: '9', user_message: 'Write it' };

/** A run that fails before the model says anything. */
function refusedAtOnce(error: unknown): Script {
  // eslint-disable-next-line require-yield
  return async function* (run) {
    await append(run, userEntry(run.prompt));
    throw error;
  };
}

/** Asks for the answer as a stream. */
async function eventsOf(server: AgentServer): Promise<RunEvent[]> {
  const response = await server.post(routes.create, JSON.stringify(ASKED), {
    authorization: `Bearer ${TOKEN}`,
    accept: NDJSON_MEDIA_TYPE,
    [IDEMPOTENCY_HEADER]: 'update-1',
  });
  const lines = (await response.text()).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as RunEvent);
}

async function conversationOf(server: AgentServer, sessionId: string): Promise<string> {
  const stored = await server.store.get(`sessions/${sessionId}/conversation.jsonl`);
  return Buffer.from(stored?.body ?? []).toString();
}

it('A turn whose run failed after a tool goes on from there when it is asked again, and its answer has both parts', async () => {
  const server = await agentServer();
  server.runtime.follow(failingAfterWork(DOWN));
  const first = await server.ask(routes.create, ASKED, { key: 'update-1' });
  expect(first).toMatchObject({ status: 503, body: { error: { code: 'model_unavailable' } } });
  const sessionId = (await server.table.find('9:0'))?.sessionId ?? '';

  let found = '';
  server.runtime.follow(async function* (run) {
    found = await readFile(join(run.home.workspace, 'notes.md'), 'utf8');
    const user = userEntry(run.prompt);
    await append(run, user, assistantEntry([{ type: 'text', text: 'Done.' }], user));
    yield { type: 'text', offset: 0, delta: 'Do' };
    yield { type: 'text', offset: 2, delta: 'ne.' };
    yield { type: 'answer', text: 'Done.' };
    yield SUMMARY;
  });
  const again = await server.ask(messagePath(sessionId), { user_message: 'Write it' }, { key: 'update-1' });
  expect(server.runtime.runs.map(({ prompt }) => prompt)).toEqual(['Write it', GO_ON]);
  expect(again.status).toBe(200);
  expect(again.body.response).toBe('I write.\n\nDone.');
  expect(again.body.files).toEqual([expect.objectContaining({ name: 'notes.md' })]);
  expect(found).toBe('hello');
  expect(server.runtime.runs.map(({ prompt }) => prompt)).toEqual(['Write it', GO_ON]);
  expect(server.runtime.runs[1]?.isResumed).toBe(true);

  const replayed = await server.ask(
    messagePath(sessionId),
    { user_message: 'Write it' },
    { key: 'update-1' },
  );
  expect(replayed.body.response).toBe('I write.\n\nDone.');
  expect(server.runtime.runs).toHaveLength(2);
});

it('While it goes on, its reader is shown what was said before', async () => {
  const server = await agentServer();
  server.runtime.follow(failingAfterWork(DOWN));
  await server.ask(routes.create, ASKED, { key: 'update-1' });
  server.runtime.follow(answering('Done.'));
  const events = await eventsOf(server);
  let shown = '';
  for (const event of events) if (event.type === 'text') shown = shown.slice(0, event.offset) + event.delta;
  expect(shown).toBe('I write.\n\nDone.');
});

it('Another message is asked as it is, and finds the question and the files', async () => {
  const server = await agentServer();
  server.runtime.follow(failingAfterWork(DOWN));
  await server.ask(routes.create, ASKED, { key: 'update-1' });
  const sessionId = (await server.table.find('9:0'))?.sessionId ?? '';
  server.runtime.follow(answering('Yes.'));
  const next = await server.ask(
    messagePath(sessionId),
    { user_message: 'Is it there?' },
    { key: 'update-2' },
  );
  expect(next.body).toMatchObject({ response: 'Yes.', workspace: { files: 1 } });
  expect(server.runtime.runs[1]).toMatchObject({ prompt: 'Is it there?', isResumed: true });
});

it('A failure that no later try repairs is told with what there is', async () => {
  const server = await agentServer();
  server.runtime.follow(failingAfterWork(REFUSED));
  const events = await eventsOf(server);
  expect(events.slice(-3)).toEqual([
    { type: 'answer', text: 'I write.', is_partial: true },
    expect.objectContaining({ type: 'file', name: 'notes.md' }),
    expect.objectContaining({ type: 'failed' }) as RunEvent,
  ]);
});

it('A question that is refused at once is not kept', async () => {
  const server = await agentServer();
  server.runtime.follow(refusedAtOnce(REFUSED));
  await server.ask(routes.create, ASKED, { key: 'update-1' });
  expect(await server.table.find('9:0')).toBeUndefined();
  expect(await server.store.list('sessions/')).toSatisfy((listed: { key: string }[]) =>
    listed.every(({ key }) => !key.endsWith('conversation.jsonl')),
  );
});

it('Work that the model refuses again at the next message is taken out, and its question and files stay', async () => {
  const server = await agentServer();
  server.runtime.follow(failingAfterWork(REFUSED));
  await server.ask(routes.create, ASKED, { key: 'update-1' });
  const sessionId = (await server.table.find('9:0'))?.sessionId ?? '';
  expect(await conversationOf(server, sessionId)).toContain('call-1');
  server.runtime.follow(refusedAtOnce(REFUSED));
  await server.ask(messagePath(sessionId), { user_message: 'And now?' }, { key: 'update-2' });
  const left = await conversationOf(server, sessionId);
  expect(left).toContain('Write it');
  expect(left).not.toContain('call-1');
  expect(left).not.toContain('And now?');
  server.runtime.follow(answering('Yes.'));
  const next = await server.ask(messagePath(sessionId), { user_message: 'Now?' }, { key: 'update-3' });
  expect(next.body).toMatchObject({ response: 'Yes.', workspace: { files: 1 } });
});

it('Work that was kept stays when the keys, and not the conversation, are refused', async () => {
  const server = await agentServer();
  server.runtime.follow(failingAfterWork(REFUSED));
  await server.ask(routes.create, ASKED, { key: 'update-1' });
  const sessionId = (await server.table.find('9:0'))?.sessionId ?? '';
  server.runtime.follow(refusedAtOnce(new AgentError('model_refused', 'Keys')));
  await server.ask(messagePath(sessionId), { user_message: 'And now?' }, { key: 'update-2' });
  expect(await conversationOf(server, sessionId)).toContain('call-1');
});

it.each(['lease_lost', 'agent_overran', 'disk_full'] as const)(
  'Nothing is saved of a run that ends with %s',
  async (code) => {
    const server = await agentServer();
    server.runtime.follow(failingAfterWork(new AgentError(code, 'No')));
    await server.ask(routes.create, ASKED, { key: 'update-1' });
    expect(await server.table.find('9:0')).toBeUndefined();
    expect(server.store.puts.filter((key) => key.endsWith('conversation.jsonl'))).toEqual([]);
  },
);

it('A failed run that cannot be saved is told as what failed first', async () => {
  const server = await agentServer();
  server.store.failOn(/snapshots/, new AgentError('store_unavailable', 'down'));
  server.runtime.follow(failingAfterWork(DOWN));
  const { body } = await server.ask(routes.create, ASKED, { key: 'update-1' });
  expect(body).toMatchObject({ error: { code: 'model_unavailable' } });
  expect(server.reported.map(({ error }) => error.code)).toEqual(['store_unavailable', 'model_unavailable']);
});

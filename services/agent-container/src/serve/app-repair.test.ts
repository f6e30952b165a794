import { expect, it } from 'vitest';
import { answering } from '../run/scripted-runtime.fixture.ts';
import { jsonl, wholeTurn } from '../session/transcript.fixture.ts';
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

it('A session whose conversation is damaged goes on with its whole turns, and accepted says how many are lost', async () => {
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

import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { answering } from '../run/scripted-runtime.fixture.ts';
import { jsonl, wholeTurn } from '../session/transcript/transcript.fixture.ts';
import { LINE_LIMIT_BYTES } from '../session/transcript/transcript-limits.ts';
import { agentServer } from './agent-server.fixture.ts';

const tooLong = (cwd: string): string => jsonl(...wholeTurn({ answer: 'x'.repeat(LINE_LIMIT_BYTES), cwd }));

it('A turn whose transcript is beyond a limit fails by name and is not tried again, and the next one goes on from what was', async () => {
  const server = await agentServer();
  const sessionId = String((await server.create()).body.session_id);
  const key = `sessions/${sessionId}/conversation.jsonl`;
  const before = await server.store.get(key);
  server.runtime.follow(async function* (run) {
    yield* answering('Filled')(run);
    await writeFile(run.home.transcript, tooLong(run.home.workspace));
  });
  const events = await (await server.sendStream(sessionId)).rest();
  const refusal = { code: 'conversation_too_large', retryable: false };
  expect(events.at(-1)).toMatchObject({ type: 'failed', error: refusal });
  expect(await server.store.get(key)).toEqual(before);

  server.runtime.follow(answering('Hello again'));
  const next = await (await server.sendStream(sessionId)).rest();
  expect(next[0]).toEqual({ type: 'accepted', session_id: sessionId, is_new: false });
  expect(next.at(-1)).toMatchObject({ type: 'finished' });
}, 30_000);

it('A stored conversation with such a line goes on without it, and says so', async () => {
  const server = await agentServer();
  const sessionId = String((await server.create()).body.session_id);
  const key = `sessions/${sessionId}/conversation.jsonl`;
  const stored = await server.store.get(key);
  await server.store.put(key, Buffer.concat([stored?.body ?? Buffer.of(), Buffer.from(tooLong('/tmp'))]));
  const events = await (await server.sendStream(sessionId)).rest();
  expect(events[0]).toEqual({ type: 'accepted', session_id: sessionId, is_new: false, repaired: 1 });
  expect(events.at(-1)).toMatchObject({ type: 'finished' });
  const [next] = await (await server.sendStream(sessionId)).rest();
  expect(next).toEqual({ type: 'accepted', session_id: sessionId, is_new: false });
}, 30_000);

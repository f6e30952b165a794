import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IDEMPOTENCY_HEADER, messagePath, NDJSON_MEDIA_TYPE, type RunEvent } from '@omnicloud/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { AgentError } from '../errors.ts';
import { answering } from '../run/scripted-runtime.fixture.ts';
import { jsonl, wholeTurn } from '../session/transcript/transcript.fixture.ts';
import { type AgentServer, agentServer, TOKEN } from './agent-server.fixture.ts';
import { failingAfterWork } from './turn/failing-after-work.fixture.ts';

const DOWN = new AgentError('model_unavailable', 'The model is away');

let server: AgentServer;
let sessionId: string;

/** A session with a file in its workspace, of which this machine has nothing. */
beforeEach(async () => {
  server = await agentServer();
  server.runtime.follow(async function* (run) {
    await writeFile(join(run.home.workspace, 'notes.md'), 'hello');
    yield* answering('Written')(run);
  });
  sessionId = String((await server.create()).body.session_id);
  await rm(server.runtime.runs[0]?.home.root ?? '', { recursive: true });
  server.runtime.follow(answering('Hello again'));
});

/** The stored conversation ends in the middle of its second turn. */
async function damageConversation(): Promise<void> {
  const first = wholeTurn();
  const [user] = wholeTurn({ after: first[1] });
  const key = `sessions/${sessionId}/conversation.jsonl`;
  await server.store.put(key, Buffer.from(`${jsonl(...first)}${jsonl(user)}{"parent`));
}

async function deleteBelow(folder: string): Promise<void> {
  const listed = await server.store.list(`sessions/${sessionId}/${folder}/`);
  expect(listed).not.toEqual([]);
  for (const { key } of listed) await server.store.delete(key);
}

/** Asks as a stream; the same question each time. */
async function ask(key = 'update-2'): Promise<RunEvent[]> {
  const headers = {
    authorization: `Bearer ${TOKEN}`,
    accept: NDJSON_MEDIA_TYPE,
    [IDEMPOTENCY_HEADER]: key,
  };
  const response = await server.post(
    messagePath(sessionId),
    JSON.stringify({ user_message: 'And now?' }),
    headers,
  );
  const lines = (await response.text()).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as RunEvent);
}

function workspaceOf(events: RunEvent[]): unknown {
  const end = events.at(-1);
  return end?.type === 'finished' ? end.workspace : undefined;
}

describe('What a turn lost when it began', () => {
  it.each<[string, () => Promise<void>, object, object]>([
    ['turns of its conversation', damageConversation, { repaired: 1 }, { files: 1 }],
    ['a file', () => deleteBelow('packs'), {}, { lost: 1 }],
    ['the list of its files', () => deleteBelow('snapshots'), {}, { is_list_lost: true }],
  ])('is told again with its saved answer, and not to the next turn: %s', async (_, harm, begun, left) => {
    await harm();
    const first = await ask();
    expect(first[0]).toEqual({ type: 'accepted', session_id: sessionId, is_new: false, ...begun });
    expect(workspaceOf(first)).toMatchObject(left);
    const again = await ask();
    expect(server.runtime.runs).toHaveLength(2);
    expect(again[0]).toEqual(first[0]);
    expect(workspaceOf(again)).toEqual(workspaceOf(first));
    const next = JSON.stringify(await ask('update-3'));
    expect(server.runtime.runs).toHaveLength(3);
    expect(next).not.toMatch(/repaired|"lost"|is_list_lost/);
  });

  it('is told by every run that goes on with the turn, and by its saved answer', async () => {
    await damageConversation();
    await deleteBelow('packs');
    server.runtime.follow(failingAfterWork(DOWN));
    const told = [await ask(), await ask()];
    server.runtime.follow(answering('Done.'));
    told.push(await ask(), await ask());
    expect(server.runtime.runs).toHaveLength(4);
    for (const events of told) expect(events[0]).toMatchObject({ type: 'accepted', repaired: 1 });
    for (const events of told.slice(2))
      expect(events.at(-1)).toMatchObject({ type: 'finished', workspace: { lost: 1 } });
  });
});

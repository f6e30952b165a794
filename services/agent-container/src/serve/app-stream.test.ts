import { describe, expect, it } from 'vitest';
import { answering, holding, SUMMARY, writeTranscript } from '../run/scripted-runtime.fixture.ts';
import { agentServer } from './agent-server.fixture.ts';

describe('the event stream', () => {
  it('begins with accepted, passes the run’s events on in order, and ends with finished', async () => {
    const server = await agentServer();
    server.runtime.follow(async function* (run) {
      await writeTranscript(run, '{}\n');
      yield { type: 'text', offset: 0, delta: 'One' };
      yield { type: 'tool', tool_use_id: 't', name: 'Read', phase: 'started', line: 'Read a.md' };
      yield { type: 'todo', items: [{ text: 'Read', status: 'pending' }] };
      yield { type: 'answer', text: 'One' };
      yield SUMMARY;
    });
    const [accepted, ...events] = await (await server.createStream()).rest();
    const session_id = server.runtime.runs[0]?.home.sessionId;
    expect(accepted).toEqual({ type: 'accepted', session_id, is_new: true });
    expect(events).toEqual([
      { type: 'text', offset: 0, delta: 'One' },
      { type: 'tool', tool_use_id: 't', name: 'Read', phase: 'started', line: 'Read a.md' },
      { type: 'todo', items: [{ text: 'Read', status: 'pending' }] },
      { type: 'answer', text: 'One' },
      expect.objectContaining({ type: 'finished', session_id, cost_usd: 0.25, turns: 1 }) as unknown,
    ]);
  });

  it('breaks a long silence with heartbeats, and only those', async () => {
    const server = await agentServer({ heartbeatMs: 1 });
    const held = holding(answering('At last'));
    server.runtime.follow(held.script);
    const stream = await server.createStream();
    expect(await stream.next()).toMatchObject({ type: 'accepted' });
    await held.started;
    expect(await stream.next()).toEqual({ type: 'heartbeat' });
    expect(await stream.next()).toEqual({ type: 'heartbeat' });
    held.release();
    const events = (await stream.rest()).map(({ type }) => type);
    expect(events.filter((type) => type !== 'heartbeat')).toEqual(['text', 'answer', 'finished']);
  });

  it('says nothing in between when the run does not keep it waiting', async () => {
    const server = await agentServer();
    const events = await (await server.createStream()).rest();
    expect(events.map(({ type }) => type)).toEqual(['accepted', 'text', 'answer', 'finished']);
  });

  it('says finished only when the conversation is stored and can be found', async () => {
    const server = await agentServer();
    const stream = await server.createStream({ chat_id: '9', thread_id: '3' });
    for (let event = await stream.next(); event?.type !== 'answer'; event = await stream.next()) {
      expect(event).toBeDefined();
      expect(server.store.puts).toEqual([]);
    }
    const finished = await stream.next();
    expect(finished?.type).toBe('finished');
    const sessionId = server.runtime.runs[0]?.home.sessionId ?? '';
    expect(server.store.puts.at(-1)).toBe(`sessions/${sessionId}/conversation.jsonl`);
    expect(await server.table.find('9:3')).toMatchObject({ sessionId });
  });

  it('leaves the session free as soon as its last event was read', async () => {
    const server = await agentServer();
    const stream = await server.createStream();
    for (let event = await stream.next(); event?.type !== 'finished'; event = await stream.next()) {
      expect(event).toBeDefined();
    }
    const sessionId = server.runtime.runs[0]?.home.sessionId ?? '';
    expect(await server.send(sessionId)).toMatchObject({ status: 200 });
  });
});

describe('a reader that goes away', () => {
  it('ends the run and frees the session, and nothing but the debug log is saved', async () => {
    const server = await agentServer();
    const sessionId = String((await server.create()).body.session_id);
    const saved = server.store.puts.length;
    const held = holding(answering('Nobody hears this'));
    server.runtime.follow(held.script);
    const stream = await server.sendStream(sessionId);
    expect(await stream.next()).toMatchObject({ type: 'accepted', is_new: false });
    const run = await held.started;
    expect(run.signal.aborted).toBe(false);
    await stream.goAway();
    expect(run.signal.aborted).toBe(true);
    expect(server.store.puts.slice(saved)).toEqual([`sessions/${sessionId}/debug.txt`]);
    expect(server.reported.map(({ error }) => error.code)).toEqual(['agent_crashed']);

    server.runtime.follow(answering('Here again'));
    expect(await server.send(sessionId)).toMatchObject({ status: 200, body: { response: 'Here again' } });
  });

  it('ends the run of a JSON request, too', async () => {
    const server = await agentServer();
    const held = holding(answering('Nobody hears this'));
    server.runtime.follow(held.script);
    const caller = new AbortController();
    const answer = server.create({}, caller.signal);
    const run = await held.started;
    caller.abort();
    expect(run.signal.aborted).toBe(true);
    expect(await answer).toMatchObject({ status: 500, body: { error: { code: 'agent_crashed' } } });
    expect(server.store.puts).toEqual([`sessions/${run.home.sessionId}/debug.txt`]);
  });

  it('keeps the session busy until the interrupted run has really ended', async () => {
    const server = await agentServer();
    const sessionId = String((await server.create()).body.session_id);
    const ending = Promise.withResolvers<undefined>();
    const held = holding(answering('Nobody hears this'));
    server.runtime.follow(async function* (run) {
      try {
        yield* held.script(run);
      } finally {
        await ending.promise;
      }
    });
    const stream = await server.sendStream(sessionId);
    await stream.next();
    await held.started;
    const gone = stream.goAway();
    expect(await server.send(sessionId)).toMatchObject({ status: 409 });
    ending.resolve(undefined);
    await gone;
    server.runtime.follow(answering('Free'));
    expect(await server.send(sessionId)).toMatchObject({ status: 200 });
  });
});

it('Whoever closes the stores is told when a run has really ended, long after its reader has gone', async () => {
  const ends: Promise<void>[] = [];
  const server = await agentServer({ onRun: (ended) => ends.push(ended) });
  const held = holding(answering('Nobody hears this'));
  server.runtime.follow(held.script);
  const stream = await server.createStream();
  await stream.next();
  await held.started;
  let hasEnded = false;
  const ended = ends[0]?.then(() => {
    hasEnded = true;
  });
  expect(ends).toHaveLength(1);
  const gone = stream.goAway();
  expect(hasEnded).toBe(false);
  await gone;
  await ended;
  expect(server.store.puts.at(-1)).toMatch(/debug\.txt$/);
});

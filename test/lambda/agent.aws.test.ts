import { buffer } from 'node:stream/consumers';
import { HEARTBEAT_INTERVAL_MS, isTerminal, NDJSON_MEDIA_TYPE, type RunEvent } from '@omnicloud/protocol';
import { describe, expect, it } from 'vitest';
import { createGate } from '../fakes/scripted-model.ts';
import { CHAT, createEvent, eventsOf, messageEvent, useAgentFunction } from './agent.fixture.ts';
import { restApiEvent } from './events.ts';
import { isClientMissing } from './function-process.ts';
import { readStreamedResponse } from './http-response.ts';

/** The agent's own margin for saving, which the deadline has to leave. */
const PERSIST_MARGIN_MS = 45_000;
const agent = useAgentFunction();

async function next(events: AsyncGenerator<RunEvent>): Promise<RunEvent | undefined> {
  const { value, done } = (await events.next()) as IteratorResult<RunEvent, undefined>;
  return done ? undefined : value;
}

async function until(events: AsyncGenerator<RunEvent>, type: RunEvent['type']): Promise<RunEvent> {
  for (;;) {
    const event = await next(events);
    if (event === undefined) throw new Error(`The stream ended without ${type}`);
    if (event.type !== type) continue;
    // What comes after the end is only the end of the stream, which the function waits for.
    if (isTerminal(event)) await next(events);
    return event;
  }
}

describe.skipIf(isClientMissing)('the agent server as a function', () => {
  it('answers with a prelude at once, and with each event when it happens', async () => {
    const { api } = await agent.start();
    const gate = createGate();
    agent.model.reply('The first half', gate, ' and the second.');
    const { statusCode, headers, events } = await eventsOf(api.invoke(createEvent('Hello')));
    expect({ statusCode, type: headers['content-type'] }).toEqual({
      statusCode: 200,
      type: NDJSON_MEDIA_TYPE,
    });
    expect(await next(events)).toMatchObject({ type: 'accepted', is_new: true });
    // The model has not gone on yet: what came until here was not held back for it.
    expect(await until(events, 'text')).toMatchObject({ delta: 'The first half' });
    gate.release();
    expect(await until(events, 'answer')).toMatchObject({ text: 'The first half and the second.' });
    expect(await until(events, 'finished')).toMatchObject({ is_stopped: false });
  });

  it('goes on with the session when the same environment is called again, and in another one', async () => {
    const first = await agent.start();
    agent.model.reply('Noted.');
    const created = await eventsOf(first.api.invoke(createEvent('The word is apple')));
    const accepted = await next(created.events);
    const sessionId = accepted?.type === 'accepted' ? accepted.session_id : '';
    await until(created.events, 'finished');
    agent.model.reply('Warm.');
    const warm = await eventsOf(first.api.invoke(messageEvent(sessionId, 'Still there?')));
    await until(warm.events, 'finished');
    await first.stop();
    const second = await agent.start();
    agent.model.reply('Cold.');
    const cold = await eventsOf(second.api.invoke(messageEvent(sessionId, 'And now?')));
    await until(cold.events, 'finished');
    const asked = JSON.stringify(agent.model.requests.at(-1)?.body.messages);
    for (const said of ['The word is apple', 'Noted.', 'Warm.', 'And now?']) expect(asked).toContain(said);
  });

  it('breaks a long silence with heartbeats, so that nothing on the way ends the stream', async () => {
    const { api } = await agent.start();
    const hold = agent.model.hold();
    const { events } = await eventsOf(api.invoke(createEvent('Think')));
    await hold.reached;
    const beganMs = performance.now();
    await until(events, 'heartbeat');
    expect(performance.now() - beganMs).toBeLessThan(2 * HEARTBEAT_INTERVAL_MS);
    hold.release();
    await until(events, 'finished');
  });

  it("pauses and saves in time before the function's own deadline", async () => {
    const { api } = await agent.start();
    const gate = createGate();
    agent.model.reply('As far as I came', gate, ' …');
    const timeoutMs = PERSIST_MARGIN_MS + 6_000;
    const beganMs = performance.now();
    const invocation = api.invoke(createEvent('Something long'), timeoutMs);
    const { events } = await eventsOf(invocation);
    const accepted = await next(events);
    expect(await until(events, 'paused')).toMatchObject({ type: 'paused' });
    await invocation.frozen;
    expect(performance.now() - beganMs).toBeLessThan(timeoutMs);
    agent.model.reply('The rest.');
    const sessionId = accepted?.type === 'accepted' ? accepted.session_id : '';
    const again = await eventsOf(api.invoke(messageEvent(sessionId, 'Go on')));
    await until(again.events, 'finished');
    expect(JSON.stringify(agent.model.requests.at(-1)?.body.messages)).toContain('Something long');
  });

  it('says what is wrong with a request in one JSON body, with its status before it', async () => {
    const { api } = await agent.start();
    const stranger = restApiEvent('POST', '/session/create', {
      headers: { authorization: 'Bearer wrong' },
      body: '{}',
    });
    const refused = await readStreamedResponse(await api.invoke(stranger).response);
    expect(refused.statusCode).toBe(401);
    expect(JSON.parse((await buffer(refused.body)).toString())).toMatchObject({
      error: { code: 'unauthenticated', retryable: false },
    });
    const lost = await readStreamedResponse(await api.invoke(restApiEvent('GET', '/nowhere')).response);
    expect(lost.statusCode).toBe(404);
    expect(JSON.parse((await buffer(lost.body)).toString())).toMatchObject({ error: { code: 'not_found' } });
  });

  it('serves no other conversation in an environment that is set aside for one', async () => {
    const { api } = await agent.start();
    const tenant = `${CHAT}:0`;
    const other = await readStreamedResponse(
      await api.invoke(createEvent('Hello', { 'x-session-key': '8:0' }), undefined, tenant).response,
    );
    expect(other.statusCode).toBe(400);
    expect(JSON.parse((await buffer(other.body)).toString())).toMatchObject({
      error: { code: 'bad_request', retryable: false },
    });
    agent.model.reply('Hello.');
    const own = api.invoke(createEvent('Hello', { 'x-session-key': tenant }), undefined, tenant);
    await until((await eventsOf(own)).events, 'finished');
  });

  it('leaves a session behind that goes on elsewhere when it is killed in the middle of a stream', async () => {
    const killed = await agent.start();
    agent.model.reply('Noted.');
    const created = await eventsOf(killed.api.invoke(createEvent('The word is apple')));
    const accepted = await next(created.events);
    const sessionId = accepted?.type === 'accepted' ? accepted.session_id : '';
    await until(created.events, 'finished');
    const gate = createGate();
    agent.model.reply('Half of', gate, ' an answer');
    const cut = await eventsOf(killed.api.invoke(messageEvent(sessionId, 'Lost')));
    await until(cut.events, 'text');
    killed.process.kill('SIGKILL');
    await expect(until(cut.events, 'finished')).rejects.toThrow();
    const { api } = await agent.start();
    agent.model.reply('Apple.');
    const { events } = await eventsOf(api.invoke(messageEvent(sessionId, 'Which word?')));
    await until(events, 'finished');
    const asked = JSON.stringify(agent.model.requests.at(-1)?.body.messages);
    expect(asked).toContain('The word is apple');
    expect(asked).not.toContain('Half of');
  });

  it('does not start with wrong settings, and names each of them', async () => {
    const { api } = await agent.start({
      BEDROCK_REGION: '',
      ANTHROPIC_BEDROCK_BASE_URL: '',
      DATA_DIR: '',
      AGENT_SHELL: 'maybe',
    });
    const { errorType, errorMessage } = await api.initError;
    expect(errorType).toBe('ConfigError');
    for (const name of ['BEDROCK_REGION', 'SESSION_BUCKET', 'AGENT_SHELL'])
      expect(errorMessage).toContain(name);
  });
});

import { EventStreamError, NDJSON_MEDIA_TYPE, type RunEvent, wireError } from '@omnicloud/protocol';
import { describe, expect, it } from 'vitest';
import { askAgent } from './agent-client.ts';
import {
  ACCEPTED,
  type AgentAnswer,
  answered,
  AUTH_TOKEN,
  failing,
  FINISHED,
  HEARTBEAT,
  MESSAGE_PATH,
  refusing,
  ScriptedAgent,
  SESSION,
  streamed,
  text,
} from './agent-server.fixture.ts';
import { all, errorOf, NEVER, REQUEST } from './asking.fixture.ts';

describe('what is asked', () => {
  it('creates a session for a conversation without one', async () => {
    const agent = new ScriptedAgent();
    agent.script(answered('Sunny.'));
    await all(agent.server);
    expect(agent.calls).toMatchObject([
      {
        path: '/session/create',
        body: {
          chat_id: REQUEST.chatId,
          thread_id: REQUEST.threadId,
          user_message: REQUEST.userMessage,
          metadata: REQUEST.metadata,
        },
      },
    ]);
    expect(Object.fromEntries(agent.calls[0]?.headers ?? [])).toMatchObject({
      authorization: `Bearer ${AUTH_TOKEN}`,
      accept: NDJSON_MEDIA_TYPE,
      'content-type': 'application/json',
      'idempotency-key': REQUEST.idempotencyKey,
      'x-session-key': `${REQUEST.chatId}:${REQUEST.threadId}`,
    });
  });

  it('says with null that a chat has no topic', async () => {
    const agent = new ScriptedAgent();
    agent.script(answered('Sunny.'));
    await all(agent.server, { threadId: null });
    expect(agent.calls[0]?.body).toHaveProperty('thread_id', null);
  });

  it('goes on with a known session by its path alone', async () => {
    const agent = new ScriptedAgent();
    agent.script(answered('Sunny.'));
    await all(agent.server, { sessionId: SESSION });
    expect(agent.paths).toEqual([MESSAGE_PATH]);
    expect(agent.calls[0]?.body).toEqual({
      user_message: REQUEST.userMessage,
      metadata: REQUEST.metadata,
    });
  });
});

describe('what is answered', () => {
  it('yields the events of the run in order', async () => {
    const agent = new ScriptedAgent();
    const events = [ACCEPTED, text('Sun'), HEARTBEAT, { type: 'answer', text: 'Sunny.' } as const, FINISHED];
    agent.script(streamed(events));
    expect(await all(agent.server)).toEqual(events);
  });

  it('yields each event when it comes, not when the run is over', async () => {
    const agent = new ScriptedAgent();
    const end = Promise.withResolvers<RunEvent>();
    agent.script(streamed([text('Sun'), end.promise]));
    const events = askAgent(agent.server, REQUEST, NEVER);
    expect(await events.next()).toEqual({ done: false, value: text('Sun') });
    end.resolve(FINISHED);
    expect(await events.next()).toEqual({ done: false, value: FINISHED });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('yields the failure that ends a run', async () => {
    const agent = new ScriptedAgent();
    agent.script(failing('model_refused'));
    const error = wireError('model_refused', 'for the log alone');
    expect(await all(agent.server)).toEqual([ACCEPTED, { type: 'failed', error }]);
  });

  it.each(['bad_request', 'unauthenticated', 'session_unknown', 'session_busy', 'over_budget'] as const)(
    'yields a request refused with %s like a run that fails',
    async (code) => {
      const agent = new ScriptedAgent();
      agent.script(refusing(code));
      const error = wireError(code, 'for the log alone');
      expect(await all(agent.server)).toEqual([{ type: 'failed', error }]);
    },
  );
});

describe('no answer of the protocol can be tried again later', () => {
  it.each([
    ['a gateway’s HTML page', true, () => new Response('<h1>Bad Gateway</h1>', { status: 502 })],
    ['an empty refusal', true, () => new Response(null, { status: 503 })],
    ['a gateway that lets no more through', true, () => new Response(null, { status: 429 })],
    ['JSON of someone else', false, () => Response.json({ message: 'Forbidden' }, { status: 403 })],
    [
      'an error code it does not know',
      true,
      () => Response.json({ error: { code: 'new' } }, { status: 500 }),
    ],
  ])('is %s; that the server is away: %s', async (_what, isAway, answer) => {
    const agent = new ScriptedAgent();
    agent.script(answer);
    const error = await errorOf(all(agent.server));
    expect(error).toMatchObject({ code: 'agent_unreachable', retryable: true, isAway });
    expect(error.message).toContain(`HTTP ${answer().status}`);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it.each<[string, AgentAnswer, EventStreamError['code']]>([
    ['without a terminal event', streamed([ACCEPTED, text('Sun')]), 'no_terminal_event'],
    ['empty', () => new Response(null), 'no_terminal_event'],
    ['another language', () => new Response('<h1>Sign in</h1>'), 'malformed_event'],
    ['longer than its end', streamed([FINISHED, HEARTBEAT]), 'event_after_end'],
  ])('is a stream that is %s', async (_what, answer, code) => {
    const agent = new ScriptedAgent();
    agent.script(answer);
    const error = await errorOf(all(agent.server));
    expect(error.cause).toBeInstanceOf(EventStreamError);
    expect(error.cause).toMatchObject({ code });
    expect(error.isAway).toBe(false);
  });
});

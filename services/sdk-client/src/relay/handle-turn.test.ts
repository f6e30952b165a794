import type { RunEvent } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ACCEPTED,
  answered,
  failing,
  FINISHED,
  MESSAGE_PATH,
  refusing,
  SESSION,
  streamed,
  text,
  tool,
} from './agent/agent-server.fixture.ts';
import { AT_ONCE, RelayScene } from './relay-scene.fixture.ts';
import { turnOf } from '../turn/turn.fixture.ts';

const DONE = { kind: 'done' };
const CHINESE = { ...turnOf().sender, language_code: 'zh-hans' };

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
});
afterEach(async () => {
  vi.useRealTimers();
  await scene.close();
});

describe('a message', () => {
  it('begins a session in a chat that has none, and its answer is shown as a reply', async () => {
    scene.agent.script(answered('It is **sunny**.'));
    expect(await scene.handle()).toEqual(DONE);
    expect(scene.agent.calls).toMatchObject([
      {
        path: '/session/create',
        body: {
          chat_id: '7123456789',
          thread_id: null,
          user_message: 'What is the weather?',
          metadata: {
            chat_type: 'private',
            message_id: 42,
            sender: { id: '7123456789', name: 'Ada Lovelace', username: 'ada_l' },
          },
        },
      },
    ]);
    expect(scene.botApi.payloads('sendMessage')).toMatchObject([
      { chat_id: '7123456789', text: 'It is sunny.', reply_parameters: { message_id: 42 } },
    ]);
    expect(scene.errors).toEqual([]);
  });

  it('is measured by how long it was queued, once', async () => {
    const received_at = new Date(Date.now() - 90_000).toISOString();
    scene.agent.script(failing('agent_crashed'), answered('Sunny.'));
    for (let delivery = 1; delivery <= 2; delivery += 1) await scene.handle({ update_id: 5, received_at });
    const queued = scene.measures.filter(([measure]) => measure === 'QueueMs').map(([, ms]) => ms);
    expect(queued).toEqual([expect.toSatisfy((ms: number) => ms >= 90_000 && ms < 900_000)]);
  });

  it('goes on with the session of its chat', async () => {
    await scene.knows(SESSION);
    scene.agent.script(answered('Sunny.'));
    await scene.handle();
    expect(scene.agent.paths).toEqual([MESSAGE_PATH]);
  });

  it('does not go on with the session of another topic of its chat', async () => {
    await scene.knows(SESSION);
    scene.agent.script(answered('Sunny.'));
    await scene.handle({ thread_id: '7', is_forum: true });
    expect(scene.agent.paths).toEqual(['/session/create']);
    expect(scene.agent.calls[0]?.body).toMatchObject({ thread_id: '7' });
  });

  it('is the same request to the agent server each time it is tried', async () => {
    scene.agent.script(failing('model_unavailable'), answered('Sunny.'));
    await scene.handle({ update_id: 5 });
    await scene.handle({ update_id: 5 });
    const keys = scene.agent.calls.map(({ headers }) => headers.get('idempotency-key'));
    expect(keys).toEqual(['update-5', 'update-5']);
  });

  it('gets a new session and a notice when the agent server has lost the old one', async () => {
    await scene.knows(SESSION);
    scene.agent.script(refusing('session_unknown'), answered('Sunny.'));
    expect(await scene.handle()).toEqual(DONE);
    expect(scene.agent.paths).toEqual([MESSAGE_PATH, '/session/create']);
    expect(await scene.session()).toBeUndefined();
    expect(scene.botApi.screen).toEqual([
      'The earlier conversation could not be found, so this is a new one.\n\nSunny.',
    ]);
  });

  it('does not ask for ever when even a new session is unknown', async () => {
    scene.agent.script(refusing('session_unknown'));
    expect(await scene.handle()).toEqual(DONE);
    expect(scene.botApi.screen).toEqual(['I could not answer: the conversation could not be found.']);
  });
});

describe('an answer', () => {
  it('is sent into the topic that asked', async () => {
    scene.agent.script(answered('Sunny.'));
    await scene.handle({
      chat_id: '-1001555666777',
      chat_type: 'supergroup',
      chat_title: 'Rocket forum',
      thread_id: '7',
      is_forum: true,
    });
    expect(scene.botApi.payloads('sendMessage')).toMatchObject([
      { chat_id: '-1001555666777', message_thread_id: 7, reply_parameters: { message_id: 42 } },
    ]);
    expect(scene.agent.calls[0]?.body).toMatchObject({ metadata: { chat_title: 'Rocket forum' } });
  });

  it('that is long comes in several parts, each within the limit', async () => {
    const long = 'word '.repeat(2_000).trim();
    scene.agent.script(answered(long));
    await scene.handle();
    expect(scene.botApi.screen.length).toBeGreaterThan(2);
    expect(scene.botApi.screen.every((part) => Array.from(part).length <= 4096)).toBe(true);
    expect(scene.botApi.screen.join(' ')).toBe(long);
  });

  it.each(['', ' \n ', '&nbsp;', '```\n```'])(
    'of which nothing can be seen is said to be empty: %j',
    async (answer) => {
      scene.agent.script(answered(answer), answered(answer));
      await scene.handle();
      await scene.handle({ sender: CHINESE });
      expect(scene.botApi.screen).toEqual([
        'Done. (There was nothing to say.)',
        '完成。（没有需要说明的内容。）',
      ]);
    },
  );

  it('is shown while it grows, with what the agent is doing below it', async () => {
    const { botApi, agent } = scene;
    const isShown = (shown: string): Promise<void> => botApi.until(() => botApi.screen.at(-1) === shown);
    function* events(): Generator<RunEvent | Promise<RunEvent>> {
      yield ACCEPTED;
      yield tool('started', 'Read `a`');
      yield isShown("⚙️ Read 'a'").then(() => text('It is rain'));
      yield isShown("It is rain\n\n⚙️ Read 'a'").then(() => tool('succeeded', 'Read `a`'));
      yield isShown('It is rain').then(() => text('sunny', 6));
      yield isShown('It is sunny').then(() => ({ type: 'answer', text: 'It is sunny today.' }));
      yield FINISHED;
    }
    agent.script(streamed(events()));
    expect(await scene.handle({}, AT_ONCE)).toEqual(DONE);
    expect(botApi.screen).toEqual(['It is sunny today.']);
    expect(botApi.payloads('sendMessage')).toHaveLength(1);
    expect(botApi.mostInFlight).toBe(1);
  });
});

describe('typing', () => {
  it.each([
    ['a private chat', {}, {}],
    ['a topic', { thread_id: '7', is_forum: true }, { message_thread_id: 7 }],
    ['the General topic', { is_forum: true }, { message_thread_id: 1 }],
  ])('is shown in %s while the agent works, and not afterwards', async (_where, changes, thread) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { botApi, agent } = scene;
    const typings = (): unknown[] => botApi.payloads('sendChatAction');
    const typedAgain = botApi.until(() => typings().length === 3);
    agent.script(streamed([typedAgain.then(() => ({ type: 'answer', text: 'Sunny.' }) as const), FINISHED]));
    const handling = scene.handle(changes);
    await botApi.until(() => typings().length === 1);
    vi.advanceTimersByTime(8_000);
    await handling;
    expect(typings()[2]).toEqual({ chat_id: '7123456789', action: 'typing', ...thread });
    vi.advanceTimersByTime(60_000);
    expect(typings()).toHaveLength(3);
  });
});

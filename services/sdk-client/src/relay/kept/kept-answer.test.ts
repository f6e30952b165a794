import { keptAnswerOf, keptGroupOf, type Turn } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueUnavailableError } from '../../errors.ts';
import { type Answer, BLOCKED, refused, throttled } from '../../telegram/bot-api.fixture.ts';
import { renderMarkdown } from '../../markdown/render-markdown.ts';
import { TEXTS } from '../../reply/texts.ts';
import { ACCEPTED, answered, FINISHED, streamed } from '../agent/agent-server.fixture.ts';
import { later, RelayScene, WHEN_COMPLETE } from '../relay-scene.fixture.ts';
import { turnOf } from '../../turn/turn.fixture.ts';

const DONE = { kind: 'done' };
const OWNER = '99';
const AS_USUAL: Answer = (usual) => usual();
const CLOSED = refused(400, 'Bad Request: TOPIC_CLOSED');
const NO_RIGHTS = refused(400, 'Bad Request: not enough rights to send text messages to the chat');
const MINUTE_MS = 60_000;
const IN_TOPIC: Partial<Turn> = {
  chat_id: '-1001555666777',
  chat_type: 'supergroup',
  chat_title: 'Team',
  thread_id: '77',
  is_forum: true,
};

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
});
afterEach(() => scene.close());

describe('an answer whose topic takes no messages', () => {
  const word = TEXTS.en.outsideTopic('https://t.me/c/1555666777/77/42');

  it.each([
    ['closed', CLOSED],
    ['deleted', refused(400, 'Bad Request: message thread not found')],
  ])('because it is %s goes to the General topic, with a word where it belongs', async (_, refusal) => {
    scene.agent.script(answered('Sunny.'));
    scene.botApi.script('sendMessage', refusal);
    expect(await scene.handle(IN_TOPIC)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual([renderMarkdown(word).text, 'Sunny.']);
    const [, header, answer] = scene.botApi.payloads('sendMessage');
    expect(JSON.stringify(header?.entities)).toContain('https://t.me/c/1555666777/77/42');
    expect(answer).not.toHaveProperty('message_thread_id');
    expect(answer).not.toHaveProperty('reply_parameters');
  });

  it('is not said twice: what is in the topic stays there, and the rest and the files go on', async () => {
    const file = {
      type: 'file' as const,
      file_id: '0190c8a4-0000-4000-8000-000000000000',
      name: 'a.md',
      size: 1,
    };
    const text = `${'a'.repeat(4000)}\n\n${'b'.repeat(4000)}`;
    scene.agent.script(
      streamed([ACCEPTED, { type: 'answer', text }, file, FINISHED]),
      () => new Response('a'),
    );
    scene.botApi.script('sendMessage', AS_USUAL, CLOSED);
    expect(await scene.handle(IN_TOPIC)).toEqual(DONE);
    expect(scene.botApi.screen.map((shown) => shown[0])).toEqual(['a', 'T', 'b', '(']);
    expect(scene.botApi.payloads('sendDocument')[0]).not.toHaveProperty('message_thread_id');
  });

  it('goes on in the General topic with its next delivery', async () => {
    scene.agent.script(answered('Sunny.'));
    scene.botApi.script('sendMessage', CLOSED, AS_USUAL, throttled(90));
    expect(await scene.handle({ ...IN_TOPIC, update_id: 5 })).toMatchObject({ kind: 'later' });
    expect(await scene.handle({ ...IN_TOPIC, update_id: 5 })).toEqual(DONE);
    expect(scene.botApi.screen).toEqual([renderMarkdown(word).text, 'Sunny.']);
    expect(scene.agent.calls).toHaveLength(1);
  });
});

describe('an answer that the whole chat refuses', () => {
  const turn = turnOf();
  const kept = keptAnswerOf(turn);
  const handler = (): ReturnType<RelayScene['handler']> => scene.handler(WHEN_COMPLETE, { ownerId: OWNER });

  async function refuse(): Promise<void> {
    scene.agent.script(answered('Sunny.'));
    scene.botApi.script('sendMessage', BLOCKED);
    expect(await handler().handle(turn, 1)).toEqual(DONE);
  }

  it('is kept, its owner is told once, and its conversation is not held up', async () => {
    await refuse();
    expect(scene.botApi.payloads('sendMessage').slice(1)).toMatchObject([
      {
        chat_id: OWNER,
        text: expect.stringMatching(/could not be delivered in Ada Lovelace:.*403.*It is kept/) as unknown,
      },
    ]);
    expect(await scene.queue.waiting(keptGroupOf(turn))).toBe(1);
    scene.agent.script(answered('Rainy.'));
    // What is kept is tried first; then the new answer meets the same.
    scene.botApi.script('sendMessage', BLOCKED, BLOCKED);
    expect(await handler().handle(turnOf({ update_id: 9 }), 1)).toEqual(DONE);
    expect(await scene.queue.waiting(keptGroupOf(turn))).toBe(2);
    expect(scene.botApi.payloads('sendMessage').filter(({ chat_id: id }) => id === OWNER)).toHaveLength(1);
  });

  it('is tried again with longer and longer pauses until the chat takes it, and never twice', async () => {
    await refuse();
    scene.botApi.clearScreen();
    for (const minutes of [1, 5, 15, 60, 60]) {
      if (minutes > 1) scene.botApi.script('sendMessage', NO_RIGHTS);
      expect(await handler().handle(kept, 1)).toEqual(later(minutes * MINUTE_MS));
    }
    expect(await handler().deferrals?.(kept, 6)).toBe(5);
    expect(await handler().handle(kept, 1)).toEqual(DONE);
    expect(await handler().handle(kept, 1)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual(['Sunny.']);
    expect(scene.agent.calls).toHaveLength(1);
  });

  it('comes before the answer to the next message there', async () => {
    await refuse();
    scene.botApi.clearScreen();
    scene.agent.script(answered('Rainy.'));
    expect(await handler().handle(turnOf({ update_id: 9 }), 1)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual(['Sunny.', 'Rainy.']);
    expect(await handler().handle(kept, 1)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual(['Sunny.', 'Rainy.']);
  });

  it('is handed on by the next delivery when this one was cut off, and is delivered by nobody else', async () => {
    scene.agent.script(answered('Sunny.'));
    scene.botApi.script('sendMessage', BLOCKED);
    const queue = {
      enqueue: () => Promise.reject(new QueueUnavailableError('The queue is away')),
      waiting: () => Promise.resolve(0),
    };
    expect(await scene.handler(WHEN_COMPLETE, { queue }).handle(turn, 1)).toEqual(later(2_000));
    expect(scene.errors).toContainEqual(expect.objectContaining({ code: 'queue_unavailable' }));
    expect(await handler().handle(turn, 2)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual([]);
    expect(await scene.queue.waiting(keptGroupOf(turn))).toBe(1);
  });

  it('is reported when its chat takes nothing for two days', async () => {
    await refuse();
    for (let pause = 0; pause < 50; pause += 1) {
      if (pause > 0) scene.botApi.script('sendMessage', BLOCKED);
      expect(await handler().handle(kept, 1)).toMatchObject({ kind: 'later' });
    }
    scene.botApi.script('sendMessage', BLOCKED);
    expect(await handler().handle(kept, 1)).toEqual(DONE);
    expect(scene.errors.at(-1)).toMatchObject({ message: expect.stringContaining('two days') as unknown });
  });

  it('is not kept when it is a command’s', async () => {
    scene.botApi.script('sendMessage', BLOCKED, BLOCKED);
    expect(await scene.handle({ ask: { kind: 'command', command: 'help' } })).toEqual(DONE);
    expect(await scene.queue.waiting(keptGroupOf(turn))).toBe(0);
  });

  it('is kept and noted although the view of what waits is away', async () => {
    scene.breakBacklog();
    await refuse();
    expect(await scene.queue.waiting(keptGroupOf(turn))).toBe(1);
  });
});

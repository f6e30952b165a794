import { sessionKeyOf, type Turn } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEXTS } from '../reply/texts.ts';
import { renderMarkdown } from '../markdown/render-markdown.ts';
import { answered, SESSION } from './agent/agent-server.fixture.ts';
import { RelayScene } from './relay-scene.fixture.ts';
import { turnOf } from '../turn/turn.fixture.ts';

const DONE = { kind: 'done' };
const CHINESE = { ...turnOf().sender, language_code: 'zh-hans' };

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
});
afterEach(async () => {
  await scene.close();
});

function command(name: 'start' | 'help' | 'new' | 'status', text?: string): Pick<Turn, 'ask'> {
  return { ask: { kind: 'command', command: name, ...(text === undefined ? {} : { text }) } };
}

/** @returns a text of the bot as people see it. */
function seen(markdown: string): string {
  return renderMarkdown(markdown).text;
}

describe.each([
  ['English', turnOf().sender, TEXTS.en],
  ['Chinese', CHINESE, TEXTS.zh],
])('in %s', (_language, sender, texts) => {
  it.each([
    ['start', texts.welcome],
    ['help', texts.help],
    ['new', texts.newSession],
    ['status', texts.status({ sessionId: undefined, lastUsed: undefined, waiting: 0 })],
  ] as const)('/%s is answered without the agent', async (name, markdown) => {
    expect(await scene.handle({ ...command(name), sender })).toEqual(DONE);
    expect(scene.botApi.screen).toEqual([seen(markdown)]);
    expect(scene.botApi.payloads('sendMessage')).toMatchObject([{ reply_parameters: { message_id: 42 } }]);
    expect(scene.botApi.payloads('sendChatAction')).toEqual([]);
    expect(scene.agent.calls).toEqual([]);
  });

  it('a stranger is refused with the id that the owner has to allow', async () => {
    const stranger = { ...sender, id: '7987654321' };
    expect(await scene.handle({ ask: { kind: 'refusal', reason: 'stranger' }, sender: stranger })).toEqual(
      DONE,
    );
    expect(scene.botApi.screen).toEqual([seen(texts.stranger('7987654321'))]);
    expect(scene.botApi.screen[0]).toContain('7987654321');
    expect(scene.agent.calls).toEqual([]);
  });

  it.each([
    ['too_long', '200,000'],
    ['not_text', ''],
  ] as const)('a message that is %s is refused with the reason', async (reason, figure) => {
    await scene.handle({ ask: { kind: 'refusal', reason }, sender });
    expect(scene.botApi.screen).toEqual([
      seen(reason === 'not_text' ? texts.notText : texts.tooLong(200_000)),
    ]);
    expect(scene.botApi.screen[0]).toContain(figure);
  });
});

it('/new leaves the session behind', async () => {
  await scene.knows(SESSION);
  await scene.handle(command('new'));
  expect(await scene.session()).toBeUndefined();
  expect(scene.botApi.screen).toEqual(['A new conversation begins here.']);
});

it('/new with a text begins a new session with it', async () => {
  await scene.knows(SESSION);
  scene.agent.script(answered('To Oslo, then.'));
  await scene.handle(command('new', 'Plan a trip'));
  expect(scene.agent.calls).toMatchObject([
    { path: '/session/create', body: { user_message: 'Plan a trip' } },
  ]);
  expect(scene.botApi.screen).toEqual(['To Oslo, then.']);
});

it('/status shows the session, when it was last used and how many messages wait for it', async () => {
  await scene.knows(SESSION);
  const savedAt = (await scene.table.find(sessionKeyOf(turnOf())))?.savedAt.toISOString() ?? '';
  await scene.queue.enqueue(turnOf({ update_id: 1 }));
  await scene.queue.enqueue(turnOf({ update_id: 2 }));
  await scene.queue.enqueue(turnOf({ update_id: 3, chat_id: '5' }));
  await scene.handle(command('status'));
  const [status = ''] = scene.botApi.screen;
  expect(status).toContain(SESSION);
  expect(status).toContain(savedAt.slice(0, 16).replace('T', ' '));
  expect(status).toContain('Waiting messages 2');
});

it('commands are answered in the topic that they come from', async () => {
  await scene.handle({ ...command('help'), thread_id: '7', is_forum: true });
  expect(scene.botApi.payloads('sendMessage')).toMatchObject([{ message_thread_id: 7 }]);
});

import { sessionKey, type Turn } from '@omnicloud/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrated, throttled } from '../telegram/bot-api.fixture.ts';
import { answered, SESSION } from './agent/agent-server.fixture.ts';
import { later, RelayScene } from './relay-scene.fixture.ts';
import { recordOf } from '../turn/turn.fixture.ts';

const DONE = { kind: 'done' };
const [OLD, NEW] = ['-4001', '-1001987654321'];
const IN_OLD = { chat_id: OLD, chat_type: 'group' } as const;
const MIGRATION: Partial<Turn> = {
  ...IN_OLD,
  ask: { kind: 'migration', from_chat_id: OLD, to_chat_id: NEW },
};

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
  await scene.table.save(sessionKey(OLD), SESSION, { fencingToken: 1, replaces: undefined });
});
afterEach(async () => {
  await scene.close();
});

const sessionIn = async (chatId: string): Promise<string | undefined> =>
  (await scene.table.find(sessionKey(chatId)))?.sessionId;

it('A group that becomes a supergroup keeps its conversation, and nothing is said about it', async () => {
  expect(await scene.handle(MIGRATION)).toEqual(DONE);
  expect(await sessionIn(NEW)).toBe(SESSION);
  expect(scene.botApi.calls).toEqual([]);
  scene.agent.script(answered('Sunny.'));
  await scene.handle({ chat_id: NEW, chat_type: 'supergroup' });
  expect(scene.agent.paths).toEqual([`/session/${SESSION}/message`]);
});

it('What was asked in the old group and not answered yet goes on with the conversation, too', async () => {
  await scene.handle(MIGRATION);
  scene.agent.script(answered('Sunny.'));
  await scene.handle(IN_OLD);
  expect(scene.agent.paths).toEqual([`/session/${SESSION}/message`]);
});

it('A migration that is told once more does not bring back a conversation that was left', async () => {
  const update = { update_id: 77, ...MIGRATION };
  await scene.handle(update);
  await scene.table.forget(sessionKey(NEW), SESSION);
  expect(await scene.handle(update)).toEqual(DONE);
  expect(await sessionIn(NEW)).toBeUndefined();
});

it('A migration that cannot be carried out is given up without a word', async () => {
  await scene.giveUp(MIGRATION);
  expect(scene.botApi.calls).toEqual([]);
});

it('An answer follows the group, answers no message of the same id there, and the conversation comes along', async () => {
  scene.agent.script(answered(`${'a'.repeat(4000)}\n\n${'b'.repeat(4000)}`));
  scene.botApi.script('sendMessage', migrated(NEW));
  expect(await scene.handle(IN_OLD)).toEqual(DONE);
  const sent = scene.botApi.payloads('sendMessage');
  expect(sent.map(({ chat_id }) => chat_id)).toEqual([OLD, NEW, NEW]);
  expect(sent.map((payload) => 'reply_parameters' in payload)).toEqual([true, false, false]);
  expect(scene.botApi.screen.map((shown) => shown[0])).toEqual(['a', 'b']);
  expect(await sessionIn(NEW)).toBe(SESSION);
});

it('An answer is not lost because typing has followed the group before it', async () => {
  scene.agent.script(answered('Sunny.'));
  scene.botApi.script('sendChatAction', migrated(NEW));
  scene.botApi.script('sendMessage', migrated(NEW));
  expect(await scene.handle(IN_OLD)).toEqual(DONE);
  expect(scene.botApi.screen).toEqual(['Sunny.']);
});

it('A message that grew in the old group is neither edited nor deleted under its id in the new one', async () => {
  await scene.ledger.save(5, recordOf({ posted: [{ messageId: 7, shown: '' }] }));
  scene.agent.script(answered('All of it.'));
  scene.botApi.script('editMessageText', migrated(NEW));
  expect(await scene.handle({ update_id: 5, ...IN_OLD })).toEqual(DONE);
  expect(scene.botApi.payloads('sendMessage')).toMatchObject([{ chat_id: NEW, text: 'All of it.' }]);
  const touched = [...scene.botApi.payloads('editMessageText'), ...scene.botApi.payloads('deleteMessage')];
  expect(touched.filter(({ chat_id }) => chat_id !== OLD)).toEqual([]);
});

it('An answer that the new one puts off is delivered when it comes back', async () => {
  scene.agent.script(answered('All of it.'));
  scene.botApi.script('sendMessage', migrated(NEW), throttled(90));
  expect(await scene.handle({ update_id: 5, ...IN_OLD })).toEqual(later(90_000));
  expect(await scene.handle({ update_id: 5, ...IN_OLD })).toEqual(DONE);
  expect(scene.botApi.screen).toEqual(['All of it.']);
});

import { wireError } from '@omnicloud/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BLOCKED } from '../telegram/bot-api.fixture.ts';
import { ACCEPTED, answered, streamed } from './agent/agent-server.fixture.ts';
import { OwnerNotices } from './owner-notices.ts';
import { RelayScene, WHEN_COMPLETE } from './relay-scene.fixture.ts';
import { turnOf } from '../turn/turn.fixture.ts';

const OWNER = '99';
const HOUR_MS = 3_600_000;
const MODEL = 'us.anthropic.some-model-v1:0';
const noAccess = () =>
  streamed([ACCEPTED, { type: 'failed', error: wireError('model_no_access', 'no', { model: MODEL }) }]);

let scene: RelayScene;
let now = 0;
let notices: OwnerNotices;
beforeEach(async () => {
  scene = await RelayScene.open();
  notices = new OwnerNotices({ ownerId: OWNER, monotonicNow: () => now });
});
afterEach(async () => {
  await scene.close();
});

let updateId = 100;
const handle = (changes: Parameters<typeof turnOf>[0] = {}) =>
  scene
    .handler(WHEN_COMPLETE, { ownerNotices: notices })
    .handle(turnOf({ update_id: updateId++, ...changes }), 1);
const sentTo = (chatId: string): string[] =>
  scene.botApi
    .payloads('sendMessage')
    .filter(({ chat_id }) => String(chat_id) === chatId)
    .map(({ text }) => String(text));

it('tell the owner which model and what to do, the user of another chat only that it is the owner’s to do', async () => {
  scene.agent.script(noAccess());
  await handle();
  expect(sentTo(OWNER)).toEqual([
    expect.stringMatching(new RegExp(`model_no_access.*${MODEL}.*npm run doctor`, 's')),
  ]);
  const told = sentTo(turnOf().chat_id);
  expect(told).toEqual([expect.stringMatching(/^I could not answer: the bot may not use its model/)]);
  expect(told.join()).not.toContain(MODEL);
});

it('come once an hour for the same thing, however many turns meet it', async () => {
  scene.agent.script(noAccess(), noAccess(), noAccess());
  await handle();
  now += HOUR_MS - 1;
  await handle();
  expect(sentTo(OWNER)).toHaveLength(1);
  now += 1;
  await handle();
  expect(sentTo(OWNER)).toHaveLength(2);
});

it('stand below the answer in the owner’s own chat, in its language', async () => {
  scene.agent.script(noAccess());
  await handle({ chat_id: OWNER, sender: { ...turnOf().sender, language_code: 'zh' } });
  expect(sentTo(OWNER)).toEqual([expect.stringMatching(new RegExp(`^我没能回答.*致主人.*${MODEL}`, 's'))]);
});

it('that Telegram does not take are reported, tried again with the next turn, and cost the user nothing', async () => {
  scene.agent.script(noAccess(), noAccess(), answered('Well again.'));
  scene.botApi.script('sendMessage', BLOCKED);
  expect(await handle()).toEqual({ kind: 'done' });
  expect(scene.errors).toContainEqual(expect.objectContaining({ code: 'telegram_refused' }));
  await handle();
  expect(sentTo(OWNER)).not.toEqual([]);
  expect(sentTo(turnOf().chat_id)).toHaveLength(2);
});

it('say until when a quota is used up, as far as the provider does', async () => {
  const until = '2026-12-01T00:00:00.000Z';
  scene.agent.script(
    streamed([ACCEPTED, { type: 'failed', error: wireError('model_quota', 'no', { until }) }]),
  );
  await handle();
  expect(sentTo(turnOf().chat_id).join()).toContain('(until about 2026-12-01 00:00 UTC)');
});

import type { Update } from 'grammy/types';
import { describe, expect, it } from 'vitest';
import { callBot, IDEAS_ID, jsonPost, openForTest, PERSON_ID, TEAM_ID, TOKEN } from '../stand-in.fixture.ts';

describe('what the bot is told of messages', () => {
  it('marks topic messages, with the implicit reply that Telegram adds, and General by the absence of both', async () => {
    const standIn = openForTest();
    standIn.sendAsUser({ chat_id: TEAM_ID, text: 'in General' });
    standIn.sendAsUser({ chat_id: TEAM_ID, text: 'in Ideas', thread_id: IDEAS_ID });
    const { result } = await callBot<Update[]>(standIn, 'getUpdates');
    const [general, topic] = result.map(({ message }) => message);
    expect(general?.chat).toEqual({ id: TEAM_ID, type: 'supergroup', title: 'Team', is_forum: true });
    expect(general).not.toHaveProperty('is_topic_message');
    expect(general).not.toHaveProperty('message_thread_id');
    expect(topic).toMatchObject({
      is_topic_message: true,
      message_thread_id: IDEAS_ID,
      reply_to_message: { message_id: IDEAS_ID, forum_topic_created: { name: 'Ideas' } },
    });
  });

  it('gives a reply in General the number of its thread, which is no topic', async () => {
    const standIn = openForTest();
    const first = standIn.sendAsUser({ chat_id: TEAM_ID, text: 'a' });
    standIn.sendAsUser({ chat_id: TEAM_ID, text: 'b', reply_to_message_id: first.message_id });
    const { result } = await callBot<Update[]>(standIn, 'getUpdates', { offset: -1 });
    expect(result[0]?.message?.message_thread_id).toBe(first.message_id);
    expect(result[0]?.message).not.toHaveProperty('is_topic_message');
  });

  it('marks commands and lets strangers begin a private chat', async () => {
    const standIn = openForTest();
    const stranger = { id: 555, first_name: 'Eve' };
    standIn.sendAsUser({ chat_id: 555, text: '/start', from: stranger });
    const { result } = await callBot<Update[]>(standIn, 'getUpdates');
    expect(result[0]?.message).toMatchObject({
      from: { ...stranger, is_bot: false },
      chat: { id: 555, type: 'private', first_name: 'Eve' },
      text: '/start',
      entities: [{ type: 'bot_command', offset: 0, length: 6 }],
    });
  });

  it('leaves out what the bot did not ask for', async () => {
    const standIn = openForTest();
    await callBot(standIn, 'setWebhook', {
      url: 'https://a.example',
      allowed_updates: ['callback_query'],
    });
    standIn.sendAsUser({ chat_id: PERSON_ID, text: 'unwanted' });
    const info = await callBot(standIn, 'getWebhookInfo');
    expect(info.result).toMatchObject({
      url: 'https://a.example',
      pending_update_count: 0,
      allowed_updates: ['callback_query'],
    });
  });
});

describe('getUpdates', () => {
  it('numbers updates one after another and forgets what the offset confirms', async () => {
    const standIn = openForTest();
    for (const text of ['a', 'b', 'c']) standIn.sendAsUser({ chat_id: PERSON_ID, text });
    const { result: all } = await callBot<Update[]>(standIn, 'getUpdates');
    const first = all[0]?.update_id ?? 0;
    expect(all.map(({ update_id: id }) => id - first)).toEqual([0, 1, 2]);
    const { result: rest } = await callBot<Update[]>(standIn, 'getUpdates', { offset: first + 1, limit: 1 });
    expect(rest.map(({ message }) => message?.text)).toEqual(['b']);
    const { result: last } = await callBot<Update[]>(standIn, 'getUpdates', { offset: -1 });
    expect(last.map(({ message }) => message?.text)).toEqual(['c']);
    expect((await callBot<Update[]>(standIn, 'getUpdates')).result).toHaveLength(1);
  });

  it('waits for a message and is woken by it', async () => {
    const standIn = openForTest();
    const poll = callBot<Update[]>(standIn, 'getUpdates', { timeout: 50 });
    // The call is under way once a later one was answered.
    await callBot(standIn, 'getMe');
    standIn.sendAsUser({ chat_id: PERSON_ID, text: 'wake up' });
    expect((await poll).result.map(({ message }) => message?.text)).toEqual(['wake up']);
  });

  it('ends an older poll when a newer one comes, and the newer one when a webhook is set', async () => {
    const standIn = openForTest();
    const older = callBot(standIn, 'getUpdates', { timeout: 50 });
    await callBot(standIn, 'getMe');
    const newer = callBot(standIn, 'getUpdates', { timeout: 50 });
    expect(await older).toMatchObject({
      error_code: 409,
      description:
        'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
    });
    await callBot(standIn, 'setWebhook', { url: 'https://a.example' });
    expect((await newer).description).toBe('Conflict: terminated by setWebhook request');
  });

  it('ends without updates when the stand-in stops', async () => {
    const standIn = openForTest();
    const poll = callBot(standIn, 'getUpdates', { timeout: 50 });
    await callBot(standIn, 'getMe');
    await standIn.stop();
    expect((await poll).result).toEqual([]);
  });

  it('is refused while a webhook is set', async () => {
    const standIn = openForTest();
    expect(await callBot(standIn, 'setWebhook', { url: 'https://a.example' })).toEqual({
      ok: true,
      result: true,
      description: 'Webhook was set',
    });
    const response = await standIn.app.request(`/bot${TOKEN}/getUpdates`);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      description:
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    });
    expect((await callBot(standIn, 'deleteWebhook')).description).toBe('Webhook was deleted');
    expect((await callBot(standIn, 'getUpdates')).ok).toBe(true);
  });

  it('has nothing to give after drop_pending_updates', async () => {
    const standIn = openForTest();
    standIn.sendAsUser({ chat_id: PERSON_ID, text: 'old' });
    await callBot(standIn, 'deleteWebhook', { drop_pending_updates: true });
    expect((await callBot(standIn, 'getUpdates')).result).toEqual([]);
  });
});

describe('state on disk', () => {
  it('outlives the stand-in: chats, messages, commands, webhook, pending updates and their numbers', async () => {
    const before = openForTest();
    const commands = [{ command: 'help', description: 'What I can do' }];
    await callBot(before, 'setMyCommands', { commands });
    await before.app.request(`/page/chats/${TEAM_ID}/topics`, jsonPost({ name: 'Later' }));
    before.sendAsUser({ chat_id: PERSON_ID, text: 'kept' });
    const { result: pending } = await callBot<Update[]>(before, 'getUpdates');
    await callBot(before, 'setWebhook', { url: 'https://a.example' });
    const state: unknown = await (await before.app.request('/page/state')).json();
    await before.stop();

    const after = openForTest({ directory: before.directory });
    expect(await (await after.app.request('/page/state')).json()).toEqual(state);
    expect(after.messages(PERSON_ID).map(({ text }) => text)).toEqual(['kept']);
    expect((await callBot(after, 'getMyCommands')).result).toEqual(commands);
    expect((await callBot(after, 'getWebhookInfo')).result).toMatchObject({
      url: 'https://a.example',
      pending_update_count: 2,
    });
    await callBot(after, 'deleteWebhook');
    after.sendAsUser({ chat_id: PERSON_ID, text: 'new' });
    const { result: all } = await callBot<Update[]>(after, 'getUpdates');
    expect(all.slice(0, 2)).toEqual(pending);
    expect(all[2]?.update_id).toBe((pending[1]?.update_id ?? 0) + 1);
  });
});

import type { Message, Update } from 'grammy/types';
import { describe, expect, it } from 'vitest';
import type { NewMessage, PageChat, PageError, PageMessages, PageState } from '../page-api.ts';
import {
  callBot,
  IDEAS_ID,
  jsonPost,
  openForTest,
  PERSON_ID,
  RELEASE_ID,
  TEAM_ID,
} from '../stand-in.fixture.ts';
import type { TelegramStandIn } from '../stand-in.ts';

async function get<Body>(standIn: TelegramStandIn, path: string): Promise<Body> {
  return (await (await standIn.app.request(path)).json()) as Body;
}

async function post<Body>(standIn: TelegramStandIn, path: string, body: object): Promise<Body> {
  return (await (await standIn.app.request(path, jsonPost(body))).json()) as Body;
}

describe('the page API', () => {
  it('begins with a private chat and a forum with two topics, and nothing to tell the bot', async () => {
    const standIn = openForTest();
    const state = await get<PageState>(standIn, '/page/state');
    expect(state.me).toEqual({ id: PERSON_ID, is_bot: false, first_name: 'You', language_code: 'en' });
    expect(state.bot).toMatchObject({ is_bot: true, first_name: 'OmniCloud Agent' });
    expect(state.commands).toEqual([]);
    expect(state.chats).toMatchObject([
      { id: PERSON_ID, type: 'private', title: 'OmniCloud Agent', is_forum: false, topics: [] },
      {
        id: TEAM_ID,
        type: 'supergroup',
        title: 'Team',
        is_forum: true,
        topics: [
          { thread_id: IDEAS_ID, name: 'Ideas' },
          { thread_id: RELEASE_ID, name: 'Release' },
        ],
        last_message: { forum_topic_created: { name: 'Release' } },
      },
    ]);
    expect((await callBot(standIn, 'getUpdates')).result).toEqual([]);
  });

  it("shows the commands in the person's language, else the general ones", async () => {
    const standIn = openForTest();
    const list = (description: string): object[] => [{ command: 'help', description }];
    await callBot(standIn, 'setMyCommands', { commands: list('Help') });
    await callBot(standIn, 'setMyCommands', { commands: list('Hilfe'), language_code: 'de' });
    expect((await get<PageState>(standIn, '/page/state')).commands).toEqual(list('Help'));
    const message: NewMessage = { text: 'Hallo', language_code: 'de' };
    const sent = await post<Message>(standIn, `/page/chats/${PERSON_ID}/messages`, message);
    expect(sent.from?.language_code).toBe('de');
    expect((await get<PageState>(standIn, '/page/state')).commands).toEqual(list('Hilfe'));
  });

  it('makes groups, forums and topics, and tells the bot of a new topic', async () => {
    const standIn = openForTest();
    const group = await post<PageChat>(standIn, '/page/chats', { title: ' Family ', is_forum: false });
    const other = await post<PageChat>(standIn, '/page/chats', { title: 'Work', is_forum: false });
    const forum = await post<PageChat>(standIn, '/page/chats', { title: 'Club', is_forum: true });
    expect(group).toEqual({ id: group.id, type: 'group', title: 'Family', is_forum: false, topics: [] });
    expect(forum).toMatchObject({ type: 'supergroup', is_forum: true, topics: [] });
    expect(String(forum.id)).toMatch(/^-100/);
    expect(new Set([group.id, other.id, forum.id, TEAM_ID]).size).toBe(4);
    const topic = await post(standIn, `/page/chats/${forum.id}/topics`, { name: 'Chess' });
    const { result } = await callBot<Update[]>(standIn, 'getUpdates');
    expect(result.map(({ message }) => message)).toMatchObject([
      { is_topic_message: true, forum_topic_created: { name: 'Chess' } },
    ]);
    expect(topic).toEqual({ thread_id: result[0]?.message?.message_thread_id, name: 'Chess' });
  });

  it('pages through the messages of one topic, or of General, oldest first', async () => {
    const standIn = openForTest();
    const texts = ['1', '2', '3', '4', '5'];
    for (const text of texts) {
      standIn.sendAsUser({ chat_id: TEAM_ID, text, thread_id: IDEAS_ID });
      standIn.sendAsUser({ chat_id: TEAM_ID, text: `general ${text}` });
    }
    const path = `/page/chats/${TEAM_ID}/messages`;
    const newest = await get<PageMessages>(standIn, `${path}?thread_id=${IDEAS_ID}&limit=2`);
    expect(newest.messages.map(({ text }) => text)).toEqual(['4', '5']);
    const before = newest.messages[0]?.message_id;
    const older = await get<PageMessages>(standIn, `${path}?thread_id=${IDEAS_ID}&before=${before}`);
    expect(older.messages.map(({ text }) => text)).toEqual([undefined, '1', '2', '3']);
    const general = await get<PageMessages>(standIn, path);
    expect(general.messages.map(({ text }) => text)).toEqual(texts.map((text) => `general ${text}`));
  });

  it('takes a message once, however often the page sends it: the answer to the first try may have been lost', async () => {
    const standIn = openForTest();
    const path = `/page/chats/${PERSON_ID}/messages`;
    const message: NewMessage = { send_id: 'ab'.repeat(16), text: 'once' };
    const sent = await post<Message>(standIn, path, message);
    expect(await post<Message>(standIn, path, message)).toEqual(sent);
    const other = await post<Message>(standIn, path, { ...message, send_id: 'cd'.repeat(16) });
    expect(other.message_id).not.toBe(sent.message_id);
    expect((await callBot<Update[]>(standIn, 'getUpdates')).result).toHaveLength(2);
    const refused = await standIn.app.request(path, jsonPost({ ...message, send_id: 'x' }));
    expect(refused.status).toBe(400);
  });

  it('does not show the reply that Telegram implies in topics', async () => {
    const standIn = openForTest();
    const sent = await post<Message>(standIn, `/page/chats/${TEAM_ID}/messages`, {
      text: 'x',
      thread_id: IDEAS_ID,
    });
    expect(sent).toMatchObject({ is_topic_message: true, message_thread_id: IDEAS_ID });
    expect(sent).not.toHaveProperty('reply_to_message');
  });

  it('clears a topic or a chat from the page, but the bot can still edit what it sent there', async () => {
    const standIn = openForTest();
    const { result: sent } = await callBot<Message>(standIn, 'sendMessage', {
      chat_id: TEAM_ID,
      text: 'working',
    });
    standIn.sendAsUser({ chat_id: TEAM_ID, text: 'x', thread_id: IDEAS_ID });
    const path = `/page/chats/${TEAM_ID}/messages`;
    const shown = async (query = ''): Promise<number> =>
      (await get<PageMessages>(standIn, path + query)).messages.length;

    await standIn.app.request(`${path}?thread_id=${IDEAS_ID}`, { method: 'DELETE' });
    expect([await shown(`?thread_id=${IDEAS_ID}`), await shown()]).toEqual([0, 1]);
    await standIn.app.request(path, { method: 'DELETE' });
    expect(await shown()).toBe(0);
    const edit = { chat_id: TEAM_ID, message_id: sent.message_id, text: 'done' };
    expect((await callBot(standIn, 'editMessageText', edit)).ok).toBe(true);
    expect(await shown()).toBe(0);
  });

  it.each([
    [`/page/chats/${PERSON_ID}/messages`, { text: '  ' }, 'message text is empty'],
    [`/page/chats/${PERSON_ID}/messages`, { text: 'x'.repeat(4097) }, 'message is too long'],
    [`/page/chats/${PERSON_ID}/messages`, { text: 'x', thread_id: 2 }, 'message thread not found'],
    [
      `/page/chats/${PERSON_ID}/messages`,
      { text: 'x', reply_to_message_id: 9 },
      'message to be replied not found',
    ],
    ['/page/chats/42/messages', { text: 'x' }, 'chat not found'],
    [`/page/chats/${PERSON_ID}/topics`, { name: 'x' }, 'the chat is not a forum'],
    ['/page/chats', { title: '', is_forum: true }, expect.stringContaining('title') as string],
    ['/page/chats/x/topics', { name: 'x' }, expect.stringContaining('chat_id') as string],
  ])('answers POST %s %j with 400 and a reason', async (path, body, message) => {
    const response = await openForTest().app.request(path, jsonPost(body));
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: { message } } satisfies PageError);
  });

  it('takes nothing but JSON, so that no form on another site can post here', async () => {
    const response = await openForTest().app.request(`/page/chats/${PERSON_ID}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{"text":"x"}',
    });
    expect(response.status).toBe(400);
  });
});

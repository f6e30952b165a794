import type { Message } from 'grammy/types';
import { describe, expect, it } from 'vitest';
import type { BotApiCall } from './bot-api-call.ts';
import { ConnectionCutError } from './bot-api-app.ts';
import { callBot, IDEAS_ID, openForTest, PERSON_ID, TEAM_ID, TOKEN } from '../stand-in.fixture.ts';

const NOT_MODIFIED =
  'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message';

describe('the Bot API', () => {
  it('answers a wrong token with 401', async () => {
    const response = await openForTest().app.request('/bot1:wrong/getMe');
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ ok: false, error_code: 401, description: 'Unauthorized' });
  });

  it('answers an unknown method with 404', async () => {
    const response = await openForTest().app.request(`/bot${TOKEN}/sendRocket`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      ok: false,
      error_code: 404,
      description: 'Not Found: method not found',
    });
  });

  it('tells who the bot is, whatever the case of the method', async () => {
    const response = await openForTest({ botUser: { first_name: 'Other' } }).app.request(
      `/bot${TOKEN}/GETME`,
    );
    expect(await response.json()).toMatchObject({
      ok: true,
      result: { id: 7_000_000_001, is_bot: true, first_name: 'Other', username: 'omnicloud_agent_bot' },
    });
  });

  it('takes parameters from a query, a form and a multipart body alike', async () => {
    const standIn = openForTest();
    const fields = {
      chat_id: String(PERSON_ID),
      text: 'bold',
      entities: '[{"type":"bold","offset":0,"length":4}]',
      link_preview_options: '{"is_disabled":true}',
    };
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    const path = `/bot${TOKEN}/sendMessage`;
    await standIn.app.request(`${path}?${new URLSearchParams(fields).toString()}`);
    await standIn.app.request(path, { method: 'POST', body: new URLSearchParams(fields) });
    await standIn.app.request(path, { method: 'POST', body: form });
    const sent = standIn.messages(PERSON_ID);
    expect(sent).toHaveLength(3);
    for (const message of sent) {
      expect(message).toMatchObject({
        from: { id: 7_000_000_001, is_bot: true },
        chat: { id: PERSON_ID, type: 'private' },
        text: 'bold',
        entities: [{ type: 'bold', offset: 0, length: 4 }],
        link_preview_options: { is_disabled: true },
      });
    }
  });

  it.each([
    ['sendMessage', { text: 'x' }, 'chat_id is empty'],
    ['sendMessage', { chat_id: PERSON_ID }, 'message text is empty'],
    ['sendMessage', { chat_id: PERSON_ID, text: ' \n' }, 'message text is empty'],
    ['sendMessage', { chat_id: PERSON_ID, text: 'x'.repeat(4097) }, 'message is too long'],
    ['sendMessage', { chat_id: 42, text: 'x' }, 'chat not found'],
    ['sendMessage', { chat_id: '@nobody', text: 'x' }, 'chat not found'],
    ['sendMessage', { chat_id: TEAM_ID, text: 'x', message_thread_id: 1000 }, 'message thread not found'],
    ['sendMessage', { chat_id: PERSON_ID, text: 'x', message_thread_id: 5 }, 'message thread not found'],
    [
      'sendMessage',
      { chat_id: PERSON_ID, text: 'x', reply_parameters: { message_id: 9 } },
      'message to be replied not found',
    ],
    [
      'sendMessage',
      { chat_id: PERSON_ID, text: 'x', parse_mode: 'HTML' },
      "can't parse entities: parse modes are not supported, send entities",
    ],
    ['sendMessage', { chat_id: PERSON_ID, text: 'x', entities: [{ type: 'bold' }] }, "can't parse entities"],
    ['sendMessage', { chat_id: PERSON_ID, text: 'x', entities: '[{' }, "can't parse entities"],
    ['editMessageText', { chat_id: PERSON_ID, message_id: 9, text: 'x' }, 'message to edit not found'],
    ['editMessageText', { chat_id: PERSON_ID, text: 'x' }, 'message identifier is not specified'],
    ['deleteMessage', { chat_id: PERSON_ID, message_id: 9 }, 'message to delete not found'],
    ['sendChatAction', { chat_id: PERSON_ID }, 'wrong parameter action in request'],
    ['sendChatAction', { chat_id: 42, action: 'typing' }, 'chat not found'],
    ['getChat', { chat_id: 42 }, 'chat not found'],
    ['setMyCommands', { commands: [{ command: 'No', description: 'x' }] }, 'BOT_COMMAND_INVALID'],
    [
      'setWebhook',
      { url: 'https://a.example', secret_token: 'a b' },
      'secret token contains unallowed characters',
    ],
  ])('refuses %s %j', async (method, payload, reason) => {
    expect(await callBot(openForTest(), method, payload)).toEqual({
      ok: false,
      error_code: 400,
      description: `Bad Request: ${reason}`,
    });
  });

  it('refuses a body that is not JSON', async () => {
    const response = await openForTest().app.request(`/bot${TOKEN}/getMe`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{',
    });
    expect(response.status).toBe(400);
  });

  it('sends without a reply when the message is gone and that is allowed', async () => {
    const { result } = await callBot<Message>(openForTest(), 'sendMessage', {
      chat_id: PERSON_ID,
      text: 'x',
      reply_parameters: { message_id: 9, allow_sending_without_reply: true },
    });
    expect(result.reply_to_message).toBeUndefined();
  });

  it('shows one level of what a message replies to, and answers in its topic', async () => {
    const standIn = openForTest();
    const first = standIn.sendAsUser({ chat_id: TEAM_ID, thread_id: IDEAS_ID, text: 'one' });
    const second = standIn.sendAsUser({
      chat_id: TEAM_ID,
      thread_id: IDEAS_ID,
      text: 'two',
      reply_to_message_id: first.message_id,
    });
    const { result } = await callBot<Message>(standIn, 'sendMessage', {
      chat_id: TEAM_ID,
      text: 'three',
      reply_parameters: { message_id: second.message_id },
    });
    expect(result).toMatchObject({
      is_topic_message: true,
      message_thread_id: IDEAS_ID,
      reply_to_message: { message_id: second.message_id, text: 'two' },
    });
    expect(result.reply_to_message).not.toHaveProperty('reply_to_message');
  });

  it('refuses the number of General in sendMessage and takes it in sendChatAction', async () => {
    const standIn = openForTest();
    const general = { chat_id: TEAM_ID, message_thread_id: 1 };
    const send = await callBot(standIn, 'sendMessage', { ...general, text: 'x' });
    expect(send.description).toBe('Bad Request: message thread not found');
    const action = { ...general, action: 'typing' };
    expect(await callBot(standIn, 'sendChatAction', action)).toEqual({ ok: true, result: true });
  });

  it('edits its own message, drops the buttons that are not sent again, and refuses to change nothing', async () => {
    const standIn = openForTest();
    const buttons = { inline_keyboard: [[{ text: 'Stop', callback_data: 'stop' }]] };
    const message = { chat_id: PERSON_ID, text: 'one', reply_markup: buttons };
    const { result } = await callBot<Message>(standIn, 'sendMessage', message);
    expect(result.reply_markup).toEqual(buttons);
    const edit = { ...message, message_id: result.message_id };
    expect(await callBot(standIn, 'editMessageText', edit)).toMatchObject({ description: NOT_MODIFIED });

    const second = { chat_id: PERSON_ID, message_id: result.message_id, text: 'one' };
    const edited = await callBot<Message>(standIn, 'editMessageText', second);
    expect(edited.result.reply_markup).toBeUndefined();
    expect(edited.result.edit_date).toEqual(expect.any(Number));
    expect(await callBot(standIn, 'editMessageText', second)).toMatchObject({ description: NOT_MODIFIED });
    expect(standIn.messages(PERSON_ID)).toEqual([edited.result]);
  });

  it("does not edit other people's messages and deletes them only in a private chat", async () => {
    const standIn = openForTest();
    const own = standIn.sendAsUser({ chat_id: PERSON_ID, text: 'mine' });
    const inGroup = standIn.sendAsUser({ chat_id: TEAM_ID, text: 'mine' });
    const edit = { chat_id: PERSON_ID, message_id: own.message_id, text: 'x' };
    expect((await callBot(standIn, 'editMessageText', edit)).description).toBe(
      "Bad Request: message can't be edited",
    );
    const deletion = { chat_id: TEAM_ID, message_id: inGroup.message_id };
    expect((await callBot(standIn, 'deleteMessage', deletion)).description).toBe(
      "Bad Request: message can't be deleted",
    );
    expect((await callBot(standIn, 'deleteMessage', edit)).ok).toBe(true);
    expect(standIn.messages(PERSON_ID)).toEqual([]);
  });

  it('never gives a message number twice', async () => {
    const standIn = openForTest();
    const first = standIn.sendAsUser({ chat_id: PERSON_ID, text: 'a' });
    await callBot(standIn, 'deleteMessage', { chat_id: PERSON_ID, message_id: first.message_id });
    expect(standIn.sendAsUser({ chat_id: PERSON_ID, text: 'b' }).message_id).toBeGreaterThan(
      first.message_id,
    );
  });

  it('keeps command lists per scope and language', async () => {
    const standIn = openForTest();
    const commands = [{ command: 'new', description: 'Start over' }];
    const german = { scope: { type: 'all_private_chats' }, language_code: 'de' };
    await callBot(standIn, 'setMyCommands', { commands, ...german });
    expect((await callBot(standIn, 'getMyCommands', german)).result).toEqual(commands);
    expect((await callBot(standIn, 'getMyCommands')).result).toEqual([]);
    await callBot(standIn, 'deleteMyCommands', german);
    expect((await callBot(standIn, 'getMyCommands', german)).result).toEqual([]);
  });
});

describe('recording and faults', () => {
  it('records every call as it arrived', async () => {
    const calls: BotApiCall[] = [];
    const standIn = openForTest({ onCall: (call) => calls.push(call) });
    const payload = { chat_id: PERSON_ID, text: '' };
    await callBot(standIn, 'SENDMESSAGE', payload);
    expect(calls).toEqual([{ method: 'sendMessage', payload, at: expect.any(Date) as Date }]);
  });

  it('answers with a fault instead of carrying out the call', async () => {
    const body = { ok: false, error_code: 429, description: 'Too Many Requests: retry after 3' };
    const standIn = openForTest({
      intercept: ({ method }) =>
        method === 'sendMessage' ? { status: 429, body, headers: { 'retry-after': '3' } } : undefined,
    });
    const response = await standIn.app.request(`/bot${TOKEN}/sendMessage?chat_id=${PERSON_ID}&text=x`);
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('3');
    expect(await response.json()).toEqual(body);
    expect(standIn.messages(PERSON_ID)).toEqual([]);
  });

  it.each([
    ['drop', 0],
    ['lost_answer', 1],
  ] as const)('cuts the connection with %s, after %i effects', async (fault, effects) => {
    const standIn = openForTest({ intercept: () => fault });
    const call = callBot(standIn, 'sendMessage', { chat_id: PERSON_ID, text: 'x' });
    await expect(call).rejects.toThrow(ConnectionCutError);
    expect(standIn.messages(PERSON_ID)).toHaveLength(effects);
  });
});

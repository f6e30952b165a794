import type { Message } from 'grammy/types';
import { describe, expect, it } from 'vitest';
import type { PageMessages } from '../page-api.ts';
import { callBot, IDEAS_ID, openForTest, PERSON_ID, TEAM_ID, TOKEN } from '../stand-in.fixture.ts';
import type { TelegramStandIn } from '../stand-in.ts';

const EYES = [{ type: 'emoji', emoji: '👀' }];

function open(): { standIn: TelegramStandIn & { directory: string }; message: Message } {
  const standIn = openForTest();
  return { standIn, message: standIn.sendAsUser({ chat_id: PERSON_ID, text: 'Hello' }) };
}

async function shown(standIn: TelegramStandIn, chatId: number, query = ''): Promise<PageMessages> {
  return (await (await standIn.app.request(`/page/chats/${chatId}/messages${query}`)).json()) as PageMessages;
}

/** @returns the page's events from now on that tell of reactions, once there are as many as wanted. */
async function reactionEvents(
  standIn: TelegramStandIn,
  wanted: number,
  act: () => Promise<void>,
): Promise<unknown[]> {
  const response = await standIn.app.request('/page/events');
  const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  let text = String((await reader.read()).value);
  await act();
  const events = (): string[] =>
    [...text.matchAll(/event: reaction\ndata: (.*)\n/g)].map(([, data = '']) => data);
  while (events().length < wanted) text += String((await reader.read()).value);
  await reader.cancel();
  return events().map((data) => JSON.parse(data) as unknown);
}

describe('setMessageReaction', () => {
  it("puts one emoji on a person's message, which a message of a topic can be too", async () => {
    const { standIn, message } = open();
    const inTopic = standIn.sendAsUser({ chat_id: TEAM_ID, thread_id: IDEAS_ID, text: 'Hi' });
    for (const { chat, message_id } of [message, inTopic]) {
      const call = { chat_id: chat.id, message_id, reaction: EYES };
      expect(await callBot(standIn, 'setMessageReaction', call)).toEqual({ ok: true, result: true });
      expect(standIn.reaction(chat.id, message_id)).toBe('👀');
    }
    expect(await shown(standIn, PERSON_ID)).toEqual({
      messages: [message],
      reactions: [{ chat_id: PERSON_ID, message_id: message.message_id, emoji: '👀' }],
    });
    expect((await shown(standIn, TEAM_ID, `?thread_id=${IDEAS_ID}`)).reactions).toHaveLength(1);
    expect((await shown(standIn, TEAM_ID)).reactions).toEqual([]);
  });

  it('goes on a file like on a text, and on the first message of an album for all of them', async () => {
    const standIn = openForTest();
    const file = { name: 'a.txt', mediaType: 'text/plain', content: new Uint8Array([1]) };
    const react = async ({ message_id }: Message): Promise<unknown> =>
      (await callBot(standIn, 'setMessageReaction', { chat_id: PERSON_ID, message_id, reaction: EYES })).ok;
    const alone = standIn.sendAsUser({ chat_id: PERSON_ID, files: [file] });
    expect(await react(alone)).toBe(true);
    expect(standIn.reaction(PERSON_ID, alone.message_id)).toBe('👀');
    const first = standIn.sendAsUser({ chat_id: PERSON_ID, files: [file, file, file] });
    const last = standIn.messages(PERSON_ID).at(-1) ?? first;
    expect(last.message_id).not.toBe(first.message_id);
    expect(await react(last)).toBe(true);
    expect(standIn.reaction(PERSON_ID, last.message_id)).toBeUndefined();
    expect(standIn.reaction(PERSON_ID, first.message_id)).toBe('👀');
  });

  it('takes the place of the reaction before, and succeeds when it changes nothing', async () => {
    const { standIn, message } = open();
    const call = { chat_id: PERSON_ID, message_id: message.message_id };
    for (const emoji of ['👀', '👀', '❤‍🔥']) {
      const reaction = [{ type: 'emoji', emoji }];
      expect(await callBot(standIn, 'setMessageReaction', { ...call, reaction, is_big: true })).toMatchObject(
        {
          ok: true,
        },
      );
      expect(standIn.reaction(PERSON_ID, message.message_id)).toBe(emoji);
    }
  });

  it.each([{ reaction: [] }, { reaction: null }, { reaction: '[]' }, { reaction: '' }, {}])(
    'takes its reaction off with %j, also where there is none',
    async (without) => {
      const { standIn, message } = open();
      const call = { chat_id: PERSON_ID, message_id: message.message_id };
      await callBot(standIn, 'setMessageReaction', { ...call, reaction: EYES });
      for (let times = 0; times < 2; times += 1) {
        expect(await callBot(standIn, 'setMessageReaction', { ...call, ...without })).toMatchObject({
          ok: true,
        });
        expect(standIn.reaction(PERSON_ID, message.message_id)).toBeUndefined();
      }
    },
  );

  it('reads its parameters from a query too', async () => {
    const { standIn, message } = open();
    const query = new URLSearchParams({
      chat_id: String(PERSON_ID),
      message_id: String(message.message_id),
      reaction: JSON.stringify(EYES),
    });
    await standIn.app.request(`/bot${TOKEN}/setMessageReaction?${query.toString()}`);
    expect(standIn.reaction(PERSON_ID, message.message_id)).toBe('👀');
  });

  it.each([
    [{ chat_id: undefined }, 'chat_id is empty'],
    [{ chat_id: 42 }, 'chat not found'],
    [{ chat_id: '@nobody' }, 'chat not found'],
    [{ message_id: 999 }, 'message to react not found'],
    [{ message_id: undefined }, 'message to react not found'],
    [{ reaction: [...EYES, { type: 'emoji', emoji: '👍' }] }, 'REACTIONS_TOO_MANY'],
    [{ reaction: [{ type: 'emoji', emoji: '🦊' }] }, 'REACTION_INVALID'],
    [{ reaction: [{ type: 'emoji', emoji: '👀👀' }] }, 'REACTION_INVALID'],
    [{ reaction: [{ type: 'custom_emoji', custom_emoji_id: '1' }] }, 'REACTION_INVALID'],
    [{ reaction: [{ type: 'paid' }] }, "can't parse reaction types JSON object"],
    [{ reaction: [{ type: 'emoji' }] }, "can't parse reaction types JSON object"],
    [{ reaction: '[' }, "can't parse reaction types JSON object"],
    [{ reaction: '[', chat_id: undefined }, "can't parse reaction types JSON object"],
    [{ reaction: [{ type: 'emoji', emoji: '🦊' }], message_id: 999 }, 'message to react not found'],
  ])('refuses %j and leaves the reaction as it is', async (changes, reason) => {
    const { standIn, message } = open();
    const call = { chat_id: PERSON_ID, message_id: message.message_id, reaction: EYES };
    await callBot(standIn, 'setMessageReaction', call);
    expect(await callBot(standIn, 'setMessageReaction', { ...call, ...changes })).toEqual({
      ok: false,
      error_code: 400,
      description: `Bad Request: ${reason}`,
    });
    expect(standIn.reaction(PERSON_ID, message.message_id)).toBe('👀');
  });

  it("refuses a reaction to a service message, as a topic's opening is", async () => {
    const standIn = openForTest();
    const call = { chat_id: TEAM_ID, message_id: IDEAS_ID, reaction: EYES };
    expect((await callBot(standIn, 'setMessageReaction', call)).description).toBe(
      'Bad Request: REACTION_INVALID',
    );
  });

  it('tells the open page, unless the message was cleared from it, and never the bot', async () => {
    const { standIn, message } = open();
    const call = { chat_id: PERSON_ID, message_id: message.message_id };
    const pending = (await callBot<unknown[]>(standIn, 'getUpdates')).result;
    const events = await reactionEvents(standIn, 3, async () => {
      await callBot(standIn, 'setMessageReaction', { ...call, reaction: EYES });
      await callBot(standIn, 'setMessageReaction', { ...call, reaction: [] });
      await standIn.app.request(`/page/chats/${PERSON_ID}/messages`, { method: 'DELETE' });
      await callBot(standIn, 'setMessageReaction', { ...call, reaction: EYES });
      const later = standIn.sendAsUser({ chat_id: PERSON_ID, text: 'Later' });
      await callBot(standIn, 'setMessageReaction', {
        chat_id: PERSON_ID,
        message_id: later.message_id,
        reaction: EYES,
      });
    });
    expect(events).toEqual([
      { ...call, emoji: '👀' },
      { ...call, emoji: null },
      { chat_id: PERSON_ID, message_id: message.message_id + 1, emoji: '👀' },
    ]);
    expect((await callBot<unknown[]>(standIn, 'getUpdates')).result).toHaveLength(pending.length + 1);
  });

  it('keeps the reaction when the message is edited and when the stand-in starts again', async () => {
    const { standIn } = open();
    const { result } = await callBot<Message>(standIn, 'sendMessage', { chat_id: PERSON_ID, text: 'one' });
    const call = { chat_id: PERSON_ID, message_id: result.message_id };
    await callBot(standIn, 'setMessageReaction', { ...call, reaction: EYES });
    await callBot(standIn, 'editMessageText', { ...call, text: 'two' });
    await standIn.stop();
    const again = openForTest({ directory: standIn.directory });
    expect(again.reaction(PERSON_ID, result.message_id)).toBe('👀');
  });

  it('loses the reaction with its message', async () => {
    const { standIn, message } = open();
    const call = { chat_id: PERSON_ID, message_id: message.message_id };
    await callBot(standIn, 'setMessageReaction', { ...call, reaction: EYES });
    await callBot(standIn, 'deleteMessage', call);
    expect(standIn.reaction(PERSON_ID, message.message_id)).toBeUndefined();
  });
});

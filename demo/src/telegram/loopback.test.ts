import { Api, GrammyError, HttpError } from 'grammy/web';
import { Hono } from 'hono';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PageEventHub } from './page-event-hub.ts';
import { streamPageEvents } from './page/page-event-stream.ts';
import { openForTest, PERSON_ID, serveForTest, TEAM_ID, TOKEN, WebhookReceiver } from './stand-in.fixture.ts';

/** Reads a stream until the text seen so far passes the test. */
async function readUntil(
  body: ReadableStream<Uint8Array>,
  isEnough: (text: string) => boolean,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body.values({ preventCancel: true })) {
    text += decoder.decode(chunk, { stream: true });
    if (isEnough(text)) break;
  }
  return text;
}

describe('over a real connection', () => {
  it("serves grammY's client: send, edit, the errors of an edit, and a long poll", async () => {
    const standIn = openForTest();
    const api = new Api(TOKEN, { apiRoot: await serveForTest(standIn.app) });
    const sent = await api.sendMessage(PERSON_ID, 'one');
    expect(sent).toMatchObject({ text: 'one', chat: { id: PERSON_ID } });
    const edited = await api.editMessageText(PERSON_ID, sent.message_id, 'two', {
      entities: [{ type: 'bold', offset: 0, length: 3 }],
    });
    expect(edited).toMatchObject({ text: 'two', entities: [{ type: 'bold' }] });
    const missing = api.editMessageText(PERSON_ID, 999, 'three');
    await expect(missing).rejects.toThrow(GrammyError);
    await expect(missing).rejects.toMatchObject({
      error_code: 400,
      description: 'Bad Request: message to edit not found',
    });

    const poll = api.getUpdates({ timeout: 50 });
    await api.getMe();
    standIn.sendAsUser({ chat_id: PERSON_ID, text: 'wake up' });
    expect((await poll).map(({ message }) => message?.text)).toEqual(['wake up']);
  });

  it('cuts the connection for a fault, before or after the effect', async () => {
    const faults = ['drop', 'lost_answer'] as const;
    let calls = 0;
    const standIn = openForTest({ intercept: () => faults[calls++] });
    const api = new Api(TOKEN, { apiRoot: await serveForTest(standIn.app) });
    await expect(api.sendMessage(PERSON_ID, 'dropped')).rejects.toThrow(HttpError);
    await expect(api.sendMessage(PERSON_ID, 'kept')).rejects.toThrow(HttpError);
    expect(standIn.messages(PERSON_ID).map(({ text }) => text)).toEqual(['kept']);
    expect(await api.sendMessage(PERSON_ID, 'whole')).toMatchObject({ text: 'whole' });
  });

  it('posts updates to a webhook that listens', async () => {
    const receiver = new WebhookReceiver();
    const url = await serveForTest({ fetch: (request) => receiver.fetch(request) });
    const standIn = openForTest();
    standIn.start({ url: `${url}/hook`, secret: 's' });
    standIn.sendAsUser({ chat_id: PERSON_ID, text: 'hi' });
    const { update, secret, answer } = await receiver.next();
    expect([update.message?.text, secret]).toEqual(['hi', 's']);
    answer();
    await standIn.whenIdle();
  });

  it('streams what happens to the page as numbered events', async () => {
    const standIn = openForTest();
    const origin = await serveForTest(standIn.app);
    const api = new Api(TOKEN, { apiRoot: origin });
    const response = await fetch(`${origin}/page/events`);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    if (!response.body) throw new Error('The stream has no body');
    await readUntil(response.body, (text) => text.includes(': connected'));

    await api.sendChatAction(TEAM_ID, 'typing', { message_thread_id: 1 });
    const { message_id: id } = await api.sendMessage(PERSON_ID, 'one');
    await api.editMessageText(PERSON_ID, id, 'two');
    await api.deleteMessage(PERSON_ID, id);
    await fetch(`${origin}/page/chats/${PERSON_ID}/messages`, { method: 'DELETE' });
    const text = await readUntil(response.body, (seen) => /event: cleared\n.*\n.*\n\n/.test(seen));
    const events = text.split('\n\n').filter((block) => block !== '');
    expect(events.map((block) => /^event: (.*)$/m.exec(block)?.[1])).toEqual([
      'typing',
      'message',
      'edited',
      'deleted',
      'cleared',
    ]);
    expect(events[0]).toContain(`data: {"chat_id":${TEAM_ID}}`);
    expect(events[3]).toContain(`data: {"chat_id":${PERSON_ID},"message_id":${id}}`);
    const ids = events.map((block) => Number(/^id: (\d+)$/m.exec(block)?.[1]));
    expect(ids).toEqual(ids.map((_, index) => (ids[0] ?? 0) + index));
    await response.body.cancel();
  });

  it('forgets a page that went away, and one that never reads', async () => {
    const hub = new PageEventHub();
    const origin = await serveForTest(new Hono().get('/', (context) => streamPageEvents(context, hub)));
    const gone = await fetch(origin);
    const stuck = await fetch(origin);
    expect(hub.readerCount).toBe(2);
    await gone.body?.cancel();
    while (hub.readerCount > 1) await setImmediate();

    const big = 'x'.repeat(100_000);
    while (hub.readerCount > 0) {
      hub.publish('chat', { id: 1, type: 'group', title: big, is_forum: false, topics: [] });
      await setImmediate();
    }
    // Once it reads again it gets what was on the way, then the end.
    expect(await stuck.text()).toMatch(/\n\n$/);
  });

  it('ends the event stream when the stand-in stops', async () => {
    const standIn = openForTest();
    const response = await fetch(`${await serveForTest(standIn.app)}/page/events`);
    await standIn.stop();
    expect(await response.text()).toBe(': connected\n\n');
  });
});

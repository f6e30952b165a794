import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { BotApiCall } from './calls/bot-api-call.ts';
import { callBot, openForTest, PERSON_ID, TEAM_ID, WebhookReceiver } from './stand-in.fixture.ts';
import { WebhookDeliveryError } from './webhook-delivery.ts';

const WEBHOOK = { url: 'http://127.0.0.1:1/webhook', secret: 'secret_1' };

function statusResponse(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers });
}

describe('webhook delivery', () => {
  it('posts each update with the secret, in order, one at a time per chat', async () => {
    const receiver = new WebhookReceiver();
    const standIn = openForTest({ fetch: receiver.fetch });
    for (const text of ['a', 'b', 'c']) standIn.sendAsUser({ chat_id: PERSON_ID, text });
    standIn.start(WEBHOOK);
    for (const text of ['a', 'b', 'c']) {
      const { update, secret, answer } = await receiver.next();
      expect(secret).toBe('secret_1');
      expect(update.message?.text).toBe(text);
      expect(receiver.unseen).toBe(0);
      answer();
    }
    await standIn.whenIdle();
    expect(receiver.unseen).toBe(0);
  });

  it('does not let one chat wait for another', async () => {
    const receiver = new WebhookReceiver();
    const standIn = openForTest({ fetch: receiver.fetch });
    standIn.start(WEBHOOK);
    standIn.sendAsUser({ chat_id: PERSON_ID, text: 'slow' });
    const slow = await receiver.next();
    standIn.sendAsUser({ chat_id: TEAM_ID, text: 'fast' });
    const fast = await receiver.next();
    expect([slow, fast].map(({ update }) => update.message?.text)).toEqual(['slow', 'fast']);
    fast.answer();
    slow.answer();
    await standIn.whenIdle();
  });

  it('tries again at once after a failure, and before the next update of the chat', async () => {
    const errors: unknown[] = [];
    const receiver = new WebhookReceiver();
    const standIn = openForTest({ fetch: receiver.fetch, onError: (error) => errors.push(error) });
    standIn.start(WEBHOOK);
    standIn.sendAsUser({ chat_id: PERSON_ID, text: 'first' });
    standIn.sendAsUser({ chat_id: PERSON_ID, text: 'second' });
    const failed = await receiver.next();
    failed.answer(statusResponse(503));
    const again = await receiver.next();
    expect(again.update).toEqual(failed.update);
    again.answer();
    const second = await receiver.next();
    expect(second.update.message?.text).toBe('second');
    second.answer();
    await standIn.whenIdle();
    expect(errors).toEqual([expect.any(WebhookDeliveryError)]);
    expect(errors[0]).toMatchObject({ status: 503 });
    expect((await callBot(standIn, 'getWebhookInfo')).result).toMatchObject({
      pending_update_count: 0,
      last_error_date: expect.any(Number) as number,
      last_error_message: 'Wrong response from the webhook: 503',
    });
  });

  it('posts an update again that could not be taken out of the queue, without waiting for the next one', async () => {
    const errors: unknown[] = [];
    const receiver = new WebhookReceiver();
    const standIn = openForTest({ fetch: receiver.fetch, onError: (error) => errors.push(error) });
    standIn.start(WEBHOOK);
    standIn.sendAsUser({ chat_id: PERSON_ID, text: 'only' });
    const posted = await receiver.next();
    const [file = ''] = readdirSync(standIn.directory).filter((name) => name.endsWith('.sqlite'));
    const holder = new DatabaseSync(join(standIn.directory, file));
    holder.exec('BEGIN IMMEDIATE');
    posted.answer();
    await expect.poll(() => errors, { timeout: 30_000 }).toMatchObject([{ errcode: 5 }]);
    holder.exec('ROLLBACK');
    holder.close();
    const again = await receiver.next();
    expect(again.update).toEqual(posted.update);
    again.answer();
    await standIn.whenIdle();
    expect(receiver.unseen).toBe(0);
  }, 40_000);

  it('waits for as long as Retry-After says: not at all for 0, although it failed often', async () => {
    const errors: unknown[] = [];
    const receiver = new WebhookReceiver();
    const standIn = openForTest({ fetch: receiver.fetch, onError: (error) => errors.push(error) });
    standIn.start(WEBHOOK);
    standIn.sendAsUser({ chat_id: PERSON_ID, text: 'x' });
    for (let failures = 0; failures < 8; failures += 1) {
      (await receiver.next()).answer(statusResponse(503, { 'retry-after': '0' }));
    }
    (await receiver.next()).answer();
    await standIn.whenIdle();
    expect(errors).toHaveLength(8);
  });

  it('gives up waiting when another webhook is set, and tries that one', async () => {
    const receiver = new WebhookReceiver();
    const failed = Promise.withResolvers<unknown>();
    const standIn = openForTest({ fetch: receiver.fetch, onError: failed.resolve });
    standIn.start(WEBHOOK);
    standIn.sendAsUser({ chat_id: PERSON_ID, text: 'x' });
    (await receiver.next()).answer(statusResponse(503, { 'retry-after': '3600' }));
    await failed.promise;
    const other = { url: 'http://127.0.0.1:2/', secret_token: 'secret_2' };
    await callBot(standIn, 'setWebhook', other);
    const again = await receiver.next();
    expect(again.secret).toBe('secret_2');
    again.answer();
    await standIn.whenIdle();
  });

  it('keeps what was not accepted for the next start, the interrupted try included', async () => {
    const receiver = new WebhookReceiver();
    const before = openForTest({ fetch: receiver.fetch });
    before.start(WEBHOOK);
    before.sendAsUser({ chat_id: PERSON_ID, text: 'x' });
    const interrupted = await receiver.next();
    const idle = before.whenIdle();
    await before.stop();
    await expect(idle).rejects.toThrow();

    const after = openForTest({ fetch: receiver.fetch, directory: before.directory });
    after.start();
    const again = await receiver.next();
    expect(again.update).toEqual(interrupted.update);
    expect(again.secret).toBe('secret_1');
    again.answer();
    await after.whenIdle();
  });

  it('delivers any injected object, an update number of its own included, twice if it is injected twice', async () => {
    const receiver = new WebhookReceiver();
    const standIn = openForTest({ fetch: receiver.fetch });
    standIn.start(WEBHOOK);
    const odd = { update_id: 77, poll: { question: '?' } };
    standIn.injectUpdate(odd);
    standIn.injectUpdate(odd);
    standIn.injectUpdate({ nonsense: true });
    for (const expected of [odd, odd, { update_id: expect.any(Number) as number, nonsense: true }]) {
      const { update, answer } = await receiver.next();
      expect(update).toEqual(expected);
      answer();
    }
    await standIn.whenIdle();
  });

  it('carries out a sendMessage in the body of the answer before it counts the update as delivered', async () => {
    const calls: BotApiCall[] = [];
    const receiver = new WebhookReceiver();
    const standIn = openForTest({ fetch: receiver.fetch, onCall: (call) => calls.push(call) });
    standIn.start(WEBHOOK);
    standIn.sendAsUser({ chat_id: PERSON_ID, text: 'hi' });
    const { answer } = await receiver.next();
    answer(Response.json({ method: 'sendMessage', chat_id: PERSON_ID, text: 'hello' }));
    await standIn.whenIdle();
    expect(standIn.messages(PERSON_ID).map(({ text }) => text)).toEqual(['hi', 'hello']);
    expect(calls.map(({ method }) => method)).toEqual(['sendMessage']);
  });

  it.each([{ method: 'getMe' }, { method: 'sendMessage', chat_id: 42, text: 'x' }])(
    'reports an answer body that asks for what cannot be done (%j), and counts the update as delivered',
    async (reply) => {
      const errors: unknown[] = [];
      const receiver = new WebhookReceiver();
      const standIn = openForTest({ fetch: receiver.fetch, onError: (error) => errors.push(error) });
      standIn.start(WEBHOOK);
      standIn.sendAsUser({ chat_id: PERSON_ID, text: 'hi' });
      (await receiver.next()).answer(Response.json(reply));
      await standIn.whenIdle();
      expect(errors).toEqual([expect.any(Error)]);
    },
  );
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sampleTurn } from '../queue/sample-turn.fixture.ts';
import { DONE, EventLog, whileServing } from '../queue/serving.fixture.ts';
import { SqliteTurnQueue } from '../queue/sqlite/sqlite-turn-queue.ts';
import type { Outcome } from '../queue/turn-queue.ts';
import { BotApi } from '../telegram/bot-api.fixture.ts';
import { showPlaces } from './show-places.ts';

let directory: string;
let queue: SqliteTurnQueue;
let botApi: BotApi;
let errors: unknown[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'places-'));
  botApi = new BotApi();
  errors = [];
  queue = open();
});
afterEach(async () => {
  queue.close();
  await rm(directory, { recursive: true });
});

function open(): SqliteTurnQueue {
  return new SqliteTurnQueue({ directory, concurrency: 1, onError: (error) => errors.push(error) });
}

const chat = (id: number) => sampleTurn(id, { chat_id: String(id) });

async function whileShowing(use: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const { line } = queue;
  const shown = showPlaces({ api: botApi.api, line, onError: (error) => errors.push(error) }, stop.signal);
  await use();
  stop.abort();
  await shown;
}

/** Handlers that end when told to. */
function held() {
  const log = new EventLog();
  const ends = new Map<number, (outcome: Outcome) => void>();
  const handle = ({ update_id: id }: { update_id: number }): Promise<Outcome> => {
    log.add(`start ${id}`);
    return new Promise((resolve) => ends.set(id, resolve));
  };
  return { log, handle, end: (id: number) => ends.get(id)?.(DONE) };
}

const textsOf = (method: string): unknown[] => botApi.payloads(method).map(({ text }) => text);

it('shows those who wait for a slot typing, then their place, which moves up and goes when they start', async () => {
  const { log, handle, end } = held();
  for (const id of [1, 2, 3]) await queue.enqueue(chat(id));
  await whileServing(queue, { handle }, () =>
    whileShowing(async () => {
      await botApi.until(() => textsOf('sendMessage').length === 2);
      expect(new Set(botApi.payloads('sendChatAction').map(({ chat_id: id }) => id))).toEqual(
        new Set(['2', '3']),
      );
      expect(botApi.payloads('sendMessage')).toMatchObject([
        {
          chat_id: '2',
          text: 'Your message is next in the queue.',
          disable_notification: true,
          reply_parameters: { message_id: 2 },
        },
        { chat_id: '3', text: 'Your message is in the queue: 1 before you.' },
      ]);
      end(1);
      await log.until('start 2');
      await botApi.until(() => botApi.payloads('deleteMessage').length === 1);
      await botApi.until(() => textsOf('editMessageText').length === 1);
      expect(textsOf('editMessageText')).toEqual(['Your message is next in the queue.']);
      end(2);
      await log.until('start 3');
      end(3);
      await botApi.until(() => botApi.payloads('deleteMessage').length === 2);
    }),
  );
  expect(botApi.screen).toEqual([]);
  expect(errors).toEqual([]);
}, 20_000);

it('says nothing to those whose turn starts soon', async () => {
  const { log, handle, end } = held();
  await queue.enqueue(chat(1));
  await whileServing(queue, { handle }, () =>
    whileShowing(async () => {
      await log.until('start 1');
      await queue.enqueue(chat(2));
      await botApi.until(() => botApi.payloads('sendChatAction').length === 1);
      end(1);
      await log.until('start 2');
      end(2);
    }),
  );
  expect(textsOf('sendMessage')).toEqual([]);
});

it('removes what a process that was killed left behind, and sends no second sign', async () => {
  const { handle, end, log } = held();
  for (const id of [1, 2]) await queue.enqueue(chat(id));
  const stop = new AbortController();
  const served = queue.serve({ handle, giveUp: () => Promise.resolve(undefined) }, stop.signal);
  await whileShowing(() => botApi.until(() => textsOf('sendMessage').length === 1));
  expect(botApi.screen).toHaveLength(1);
  end(1);
  await log.until('start 2');
  end(2);
  stop.abort();
  await served;
  queue.close();
  queue = open();
  await whileShowing(() => botApi.until(() => botApi.payloads('deleteMessage').length === 1));
  expect(botApi.screen).toEqual([]);
  expect(textsOf('sendMessage')).toHaveLength(1);
}, 20_000);

it('gives two hundred chats a sign within three seconds, and stays below what Telegram takes', async () => {
  const { handle, log, end } = held();
  for (let id = 1; id <= 201; id += 1) await queue.enqueue(chat(id));
  await whileServing(queue, { handle }, async () => {
    await log.until('start 1');
    const startedAtMs = performance.now();
    await whileShowing(async () => {
      await botApi.until(() => botApi.payloads('sendChatAction').length >= 200);
      expect(performance.now() - startedAtMs).toBeLessThan(4_000);
      expect(new Set(botApi.payloads('sendChatAction').map(({ chat_id: id }) => id)).size).toBe(200);
    });
    const seconds = (performance.now() - startedAtMs) / 1_000;
    expect(textsOf('sendMessage').length).toBeLessThanOrEqual(15 * seconds + 5);
    const waiting = queue.line.waiting();
    expect(waiting.map(({ ahead }) => ahead)).toEqual(waiting.map((_, index) => index));
    // What still waits is left in the file.
    end(1);
    await log.until('start 2');
    for (let id = 2; id <= 201; id += 1) {
      await log.until(`start ${id}`);
      end(id);
    }
  });
}, 40_000);

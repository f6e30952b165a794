import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { QueueUnavailableError } from '../errors.ts';
import { SqliteTurnQueue } from '../queue/sqlite/sqlite-turn-queue.ts';
import { BOT_TOKEN, BotApi, BROKEN, refused, UNREACHABLE } from '../telegram/bot-api.fixture.ts';
import type { Intake } from './accept-update.ts';
import { pollUpdates } from './poll-updates.ts';
import {
  ADA,
  groupMessage,
  privateMessage,
  NO_BACKLOG,
  NO_STOPS,
  RECEPTION,
  STRANGER,
} from './updates.fixture.ts';
import { ToldStrangers } from '../people/told-strangers.ts';

const SESSION_KEY = `${ADA.id}:0`;

let directory: string;
let queue: SqliteTurnQueue;
let botApi: BotApi;
let intake: Intake;
let errors: unknown[];
let ignored: string[];
let stop: AbortController;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'poll-'));
  errors = [];
  ignored = [];
  stop = new AbortController();
  botApi = new BotApi();
  queue = new SqliteTurnQueue({ directory, onError: (error) => errors.push(error) });
  intake = {
    ...RECEPTION,
    queue,
    stops: NO_STOPS,
    backlog: NO_BACKLOG,
    strangers: new ToldStrangers(),
    onStranger: () => undefined,
    onIgnored: (reason) => ignored.push(reason),
    onError: (error) => errors.push(error),
  };
});
afterEach(async () => {
  queue.close();
  await rm(directory, { recursive: true });
});

/** Polls, without pauses, until this many calls have come in. */
async function pollFor(calls: number, changes: Partial<Intake> = {}): Promise<void> {
  const polling = pollUpdates(
    botApi.api,
    { ...intake, ...changes },
    { signal: stop.signal, pauses: { firstMs: 0, emptyMs: 0 } },
  );
  await botApi.until(() => botApi.calls.length >= calls);
  stop.abort();
  await polling;
}

function offsets(): unknown[] {
  return botApi.payloads('getUpdates').map(({ offset }) => offset);
}

it('queues what comes and confirms it with the next poll', async () => {
  botApi.updates.push({ ...privateMessage({ text: 'one' }), update_id: 70 });
  botApi.updates.push({ ...privateMessage({ text: 'two' }), update_id: 73 });
  await pollFor(2);
  expect(offsets()).toEqual([0, 74]);
  expect(await queue.waiting(SESSION_KEY)).toBe(2);
  expect(errors).toEqual([]);
});

it('asks for messages alone and lets the poll stay open', async () => {
  await pollFor(1);
  expect(botApi.payloads('getUpdates')).toEqual([{ offset: 0, timeout: 30, allowed_updates: ['message'] }]);
});

it('does not confirm an update before it is queued', async () => {
  botApi.updates.push({ ...privateMessage({ text: 'one' }), update_id: 70 });
  const offsetsWhenQueued: unknown[][] = [];
  const enqueue: Intake['queue']['enqueue'] = async (turn) => {
    await Promise.resolve();
    offsetsWhenQueued.push(offsets());
    return queue.enqueue(turn);
  };
  await pollFor(2, { queue: { ...{ enqueue: (turn) => queue.enqueue(turn) }, enqueue } });
  expect(offsetsWhenQueued).toEqual([[0]]);
  expect(offsets()).toEqual([0, 71]);
});

it('fetches an update again that could not be queued', async () => {
  botApi.updates.push({ ...privateMessage({ text: 'one' }), update_id: 70 });
  botApi.updates.push({ ...privateMessage({ text: 'two' }), update_id: 71 });
  const down = new QueueUnavailableError('disk full');
  let failures = 1;
  const enqueue: Intake['queue']['enqueue'] = (turn) => {
    if (turn.update_id === 71 && failures > 0) {
      failures -= 1;
      return Promise.reject(down);
    }
    return queue.enqueue(turn);
  };
  await pollFor(3, { queue: { ...{ enqueue: (turn) => queue.enqueue(turn) }, enqueue } });
  expect(offsets()).toEqual([0, 0, 72]);
  expect(errors).toContain(down);
  expect(ignored).toEqual(['duplicate']);
  expect(await queue.waiting(SESSION_KEY)).toBe(2);
});

it('confirms what becomes no turn as well', async () => {
  botApi.updates.push({ ...groupMessage({ from: STRANGER, text: 'hello' }), update_id: 70 });
  await pollFor(2);
  expect(offsets()).toEqual([0, 71]);
  expect(ignored).toEqual(['stranger_in_group']);
});

it('reports a failing poll and repeats it, without a word of the bot token', async () => {
  botApi.script('getUpdates', UNREACHABLE, BROKEN, refused(409, 'Conflict: webhook is active'));
  botApi.updates.push({ ...privateMessage({ text: 'one' }), update_id: 70 });
  await pollFor(5);
  expect(offsets()).toEqual([0, 0, 0, 0, 71]);
  expect(errors).toMatchObject([
    { code: 'telegram_unreachable' },
    { code: 'telegram_failed', message: expect.stringContaining('500') as string },
    { code: 'telegram_refused' },
  ]);
  expect(inspect(errors, { depth: null, showHidden: true })).not.toContain(BOT_TOKEN);
});

it('ends at once when it is aborted, while a poll is open and during a pause', async () => {
  await pollFor(1);
  stop = new AbortController();
  botApi.script('getUpdates', BROKEN);
  const reported = vi.fn<Intake['onError']>(() => stop.abort());
  await pollUpdates(
    botApi.api,
    { ...intake, onError: reported },
    { signal: stop.signal, pauses: { firstMs: 1_000_000 } },
  );
  expect(reported).toHaveBeenCalledOnce();
  expect(errors).toEqual([]);
});

it.each([
  ['with nothing', []],
  ['with the same update again and again', [{ update_id: -1 }]],
])('asks a server slowly that answers at once %s', async (_, result) => {
  const atOnce = (): Response => Response.json({ ok: true, result });
  botApi.script('getUpdates', ...Array.from({ length: 1_000 }, () => atOnce));
  const polling = pollUpdates(botApi.api, intake, { signal: stop.signal, pauses: { emptyMs: 100 } });
  await botApi.until(() => botApi.calls.length >= 2);
  const [before, began] = [botApi.calls.length, performance.now()];
  await botApi.until(() => botApi.calls.length >= before + 3);
  expect(performance.now() - began).toBeGreaterThan(250);
  stop.abort();
  await polling;
  expect(errors).toEqual([]);
});

it('asks again at once after something new came at once', async () => {
  botApi.updates.push({ ...privateMessage({ text: 'one' }), update_id: 70 });
  const polling = pollUpdates(botApi.api, intake, { signal: stop.signal, pauses: { emptyMs: 1_000_000 } });
  await botApi.until(() => botApi.calls.length >= 2);
  stop.abort();
  await polling;
  expect(offsets()).toEqual([0, 71]);
});

it('does not begin once it is aborted', async () => {
  await pollUpdates(botApi.api, intake, { signal: AbortSignal.abort() });
  expect(botApi.calls).toEqual([]);
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueUnavailableError } from '../errors.ts';
import { eventLoopTurns } from '../queue/serving.fixture.ts';
import { SqliteTurnQueue } from '../queue/sqlite/sqlite-turn-queue.ts';
import type { TurnQueue } from '../queue/turn-queue.ts';
import {
  ADA,
  groupMessage,
  privateMessage,
  NO_BACKLOG,
  NO_STOPS,
  RECEPTION,
  STRANGER,
} from './updates.fixture.ts';
import { SECRET_HEADER } from './verify-secret.ts';
import { createWebhook } from './webhook.ts';
import { ToldStrangers } from '../people/told-strangers.ts';

const SECRET = 'the_secret-1';
const SESSION_KEY = `${ADA.id}:0`;
const UPDATE = privateMessage({ text: 'hello' });
const MIB = 1024 * 1024;

let directory: string;
let queue: SqliteTurnQueue;
let ignored: string[];
let errors: unknown[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'webhook-'));
  queue = new SqliteTurnQueue({ directory, onError: (error) => errors.push(error) });
  ignored = [];
  errors = [];
});
afterEach(async () => {
  queue.close();
  await rm(directory, { recursive: true });
});

interface Post {
  body?: string | Uint8Array<ArrayBuffer> | ReadableStream;
  shown?: string | null;
  configured?: string;
  into?: Pick<TurnQueue, 'enqueue'>;
}

/** Posts an update to a webhook of its own; with the right secret and into the real queue unless told otherwise. */
async function post({
  body = JSON.stringify(UPDATE),
  shown = SECRET,
  configured = SECRET,
  into = queue,
}: Post = {}): Promise<Response> {
  const webhook = createWebhook({
    ...RECEPTION,
    secret: configured,
    queue: into,
    stops: NO_STOPS,
    backlog: NO_BACKLOG,
    strangers: new ToldStrangers(),
    onStranger: () => undefined,
    onIgnored: (reason) => ignored.push(reason),
    onError: (error) => errors.push(error),
  });
  const headers = {
    'content-type': 'application/json',
    ...(shown === null ? {} : { [SECRET_HEADER]: shown }),
  };
  return webhook.request('/webhook', { method: 'POST', headers, body, duplex: 'half' });
}

/** @returns a queue of which only `enqueue` is used. */
function queueThat(enqueue: TurnQueue['enqueue']): TurnQueue {
  const unexpected = (): Promise<never> => Promise.reject(new Error('The webhook only queues'));
  return { enqueue, serve: unexpected, waiting: unexpected, deadLetters: unexpected, redrive: unexpected };
}

/** @returns a body that goes on for ever, and how many pieces of 1 MiB were taken of it. */
function endlessBody(): { body: ReadableStream; taken: () => number; isCancelled: () => boolean } {
  let taken = 0;
  let isCancelled = false;
  const body = new ReadableStream(
    {
      pull: (controller) => {
        taken += 1;
        controller.enqueue(new Uint8Array(MIB).fill(0x20));
      },
      cancel: () => {
        isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, taken: () => taken, isCancelled: () => isCancelled };
}

describe('a request without the secret', () => {
  it.each([
    ['no secret', { shown: null }],
    ['an empty secret', { shown: '' }],
    ['a wrong secret', { shown: `${SECRET}x` }],
    ['no secret configured', { configured: '', shown: '' }],
    ['a secret where none is configured', { configured: '', shown: SECRET }],
  ])('gets 401 with %s, and neither is its body read nor the queue touched', async (_how, secrets) => {
    const { body, taken } = endlessBody();
    const into = queueThat(() => Promise.reject(new Error('The queue was touched')));
    const response = await post({ ...secrets, body, into });
    expect(response.status).toBe(401);
    expect(await response.text()).toBe('');
    expect(taken()).toBe(0);
    expect([...errors, ...ignored]).toEqual([]);
  });
});

describe('an update', () => {
  it('is queued and answered with an empty 200', async () => {
    const response = await post();
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
    expect(await queue.waiting(SESSION_KEY)).toBe(1);
  });

  it('is not answered before it is queued', async () => {
    const begun = Promise.withResolvers<undefined>();
    const gate = Promise.withResolvers<undefined>();
    const into = queueThat(async (turn) => {
      begun.resolve(undefined);
      await gate.promise;
      return queue.enqueue(turn);
    });
    let isAnswered = false;
    const answer = post({ into }).then((response) => {
      isAnswered = true;
      return response.status;
    });
    await begun.promise;
    await eventLoopTurns(10);
    expect(isAnswered).toBe(false);
    gate.resolve(undefined);
    expect(await answer).toBe(200);
    expect(await queue.waiting(SESSION_KEY)).toBe(1);
  });

  it('that comes twice is queued once and answered with 200 both times', async () => {
    expect((await post()).status).toBe(200);
    expect((await post()).status).toBe(200);
    expect(await queue.waiting(SESSION_KEY)).toBe(1);
    expect(ignored).toEqual(['duplicate']);
  });

  it('that becomes no turn is answered with 200 and reported with the reason', async () => {
    const body = JSON.stringify(groupMessage({ from: STRANGER, text: 'hello' }));
    expect((await post({ body })).status).toBe(200);
    expect(ignored).toEqual(['stranger_in_group']);
  });

  it.each([
    ['broken JSON', '{"update_id": 1, "mess'],
    ['nothing', ''],
    ['other JSON', '[1, 2]'],
    ['no UTF-8', new Uint8Array([0xff, 0xfe, 0x00])],
  ])('that is %s is answered with 200, so that it does not come again', async (_what, body) => {
    expect((await post({ body })).status).toBe(200);
    expect(ignored).toEqual(['malformed']);
  });

  it('that is far too large is answered with 200 without being read to its end', async () => {
    const { body, taken, isCancelled } = endlessBody();
    expect((await post({ body })).status).toBe(200);
    expect(ignored).toEqual(['malformed']);
    expect(taken()).toBeLessThan(8);
    expect(isCancelled()).toBe(true);
  });

  it('whose characters are cut between two pieces of the body is read whole', async () => {
    const bytes = new TextEncoder().encode(JSON.stringify(privateMessage({ text: '/new 你好🚀' })));
    const body = ReadableStream.from(Array.from(bytes, (byte) => new Uint8Array([byte])));
    const texts: unknown[] = [];
    const into = queueThat((turn) => {
      texts.push(turn.ask);
      return Promise.resolve('queued');
    });
    expect((await post({ body, into })).status).toBe(200);
    expect(texts).toEqual([{ kind: 'command', command: 'new', text: '你好🚀' }]);
  });
});

describe('an update that cannot be stored', () => {
  it.each([
    ['the queue is down', new QueueUnavailableError('disk full')],
    ['something unforeseen happens', new Error('unforeseen')],
  ])('is to be sent again soon when %s', async (_why, error) => {
    const response = await post({ into: queueThat(() => Promise.reject(error)) });
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.text()).toBe('');
    expect(errors).toEqual([error]);
  });

  it('is taken when it comes again', async () => {
    const broken = new SqliteTurnQueue({ directory: join(directory, 'other'), onError: () => undefined });
    broken.close();
    expect((await post({ into: broken })).status).toBe(503);
    expect(errors).toMatchObject([{ code: 'queue_unavailable' }]);
    expect((await post()).status).toBe(200);
    expect(await queue.waiting(SESSION_KEY)).toBe(1);
  });
});

it('knows no other route', async () => {
  const webhook = createWebhook({
    ...RECEPTION,
    secret: SECRET,
    queue,
    stops: NO_STOPS,
    backlog: NO_BACKLOG,
    strangers: new ToldStrangers(),
    onStranger: () => undefined,
    onIgnored: () => undefined,
    onError: () => undefined,
  });
  expect((await webhook.request('/webhook', { headers: { [SECRET_HEADER]: SECRET } })).status).toBe(404);
});

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { S3SessionStore } from './s3-session-store.ts';
import type { OpenObject } from './session-store.ts';

const KEY = 'sessions/0190c8a4-0000-4000-8000-000000000001/conversation.jsonl';
const OURS = new TextEncoder().encode('what we write');
const READ = { version: '"read"' };

type Answer = (response: ServerResponse) => void;

const fails =
  (status: number, code: string): Answer =>
  (response) =>
    response
      .writeHead(status, { 'content-type': 'application/xml' })
      .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>of no account</Message></Error>`);
const written: Answer = (response) => response.writeHead(200, { etag: '"new"' }).end();
const holds =
  (body: Uint8Array): Answer =>
  (response) =>
    response.writeHead(200, { etag: '"stored"', 'content-length': body.byteLength }).end(body);
const breaksOff: Answer = (response) => response.destroy();
const isSilent: Answer = () => undefined;

const conflict = fails(409, 'ConditionalRequestConflict');
const refused = fails(412, 'PreconditionFailed');

/** Ends in the middle of the body that it announced. @param sum what the body is to be checked by. */
const breaksOffWithin =
  (sum: Record<string, string>): Answer =>
  (response) => {
    response.writeHead(200, { etag: '"stored"', 'content-length': 1_000, ...sum });
    response.write('x'.repeat(100), () => response.socket?.resetAndDestroy());
  };

async function read(object: OpenObject | undefined): Promise<number> {
  let bytes = 0;
  for await (const piece of object?.body ?? []) bytes += piece.byteLength;
  return bytes;
}

let close: (() => void) | undefined;
afterEach(() => close?.());

/** A store whose S3 gives these answers, one per call, whatever is asked. */
async function storeOn(
  answers: Answer[],
  { callLimitMs = 10_000 } = {},
): Promise<{ store: S3SessionStore; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const { 'if-match': match, 'if-none-match': noneMatch } = request.headers;
    asked.push([request.method, match, noneMatch].filter(Boolean).join(' '));
    const answer = answers.shift();
    request.resume().on('end', () => (answer ?? fails(400, 'NothingMoreToSay'))(response));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port');
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${address.port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
  });
  close = () => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  };
  return {
    store: new S3SessionStore({ client, bucket: 'sessions', callLimitMs, conflictDelaysMs: [0, 0, 0] }),
    asked,
  };
}

describe('a write to S3', () => {
  it('asks for what is expected, and for nothing when nothing is', async () => {
    const { store, asked } = await storeOn([written, written, written]);
    expect(await store.put(KEY, OURS)).toBe('"new"');
    await store.put(KEY, OURS, 'absent');
    await store.put(KEY, OURS, READ);
    expect(asked).toEqual(['PUT', 'PUT *', 'PUT "read"']);
  });

  it('is made again when it met another one, with the same condition', async () => {
    const { store, asked } = await storeOn([conflict, conflict, conflict, written]);
    expect(await store.put(KEY, OURS, READ)).toBe('"new"');
    expect(asked).toEqual(['PUT "read"', 'PUT "read"', 'PUT "read"', 'PUT "read"']);
  });

  it.each([
    ['the object is another one', [refused], 412],
    ['the object is gone', [fails(404, 'NoSuchKey')], 404],
    ['it met another one that won', [conflict, refused], 412],
    ['it meets another one every time', [conflict, conflict, conflict, conflict], 409],
  ])('has lost when %s', async (_, answers, httpStatusCode) => {
    const { store, asked } = await storeOn([...answers]);
    await expect(store.put(KEY, OURS, READ)).rejects.toMatchObject({
      name: 'ConditionFailedError',
      code: 'condition_failed',
      retryable: false,
      cause: { $metadata: { httpStatusCode } },
    });
    expect(asked).toHaveLength(answers.length);
  });

  it('has succeeded when its answer was lost and what stands in its way is what it wrote', async () => {
    const { store, asked } = await storeOn([breaksOff, refused, holds(OURS)]);
    expect(await store.put(KEY, OURS, READ)).toBe('"stored"');
    expect(asked).toEqual(['PUT "read"', 'PUT "read"', 'GET']);
  });

  it('has succeeded also when, between the lost answer and the refusal, it met another one', async () => {
    const { store } = await storeOn([breaksOff, conflict, refused, holds(OURS)]);
    expect(await store.put(KEY, OURS, READ)).toBe('"stored"');
  });

  it('has lost when its answer was lost and somebody else’s bytes are there', async () => {
    const { store } = await storeOn([breaksOff, refused, holds(Uint8Array.of(1))]);
    await expect(store.put(KEY, OURS, READ)).rejects.toMatchObject({ code: 'condition_failed' });
  });

  it('that expects nothing is never called lost', async () => {
    const { store } = await storeOn([conflict, conflict, conflict, conflict]);
    await expect(store.put(KEY, OURS)).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it.each([
    ['it is forbidden', 403, 'AccessDenied'],
    ['there is no such bucket', 404, 'NoSuchBucket'],
  ])('fails when %s, and S3’s own error is the cause', async (_, status, name) => {
    const { store } = await storeOn([fails(status, name)]);
    await expect(store.put(KEY, OURS, READ)).rejects.toMatchObject({
      code: 'store_unavailable',
      cause: { name },
    });
  });

  it('fails when S3 is silent for too long', async () => {
    const { store } = await storeOn([isSilent, isSilent, isSilent], { callLimitMs: 50 });
    await expect(store.put(KEY, OURS, READ)).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});

describe('renewing an object in S3', () => {
  it('tells an object that is not there from a failure', async () => {
    const { store } = await storeOn([
      fails(404, 'NoSuchKey'),
      fails(404, 'NoSuchBucket'),
      fails(403, 'AccessDenied'),
    ]);
    expect(await store.renew(KEY)).toBe(false);
    for (const name of ['NoSuchBucket', 'AccessDenied'])
      await expect(store.renew(KEY)).rejects.toMatchObject({ code: 'store_unavailable', cause: { name } });
  });

  it('is no success when S3 begins its answer as one and then says that it failed', async () => {
    const failsLate = fails(200, 'InternalError');
    const { store } = await storeOn([failsLate, failsLate, failsLate]);
    await expect(store.renew(KEY)).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});

it('a listing fails when S3 is silent for too long', async () => {
  const { store } = await storeOn([isSilent, isSilent, isSilent], { callLimitMs: 50 });
  await expect(store.list('sessions/1/packs/')).rejects.toMatchObject({ code: 'store_unavailable' });
});

describe('a read from S3', () => {
  it('tells an object that is not there from a failure', async () => {
    const { store } = await storeOn([
      fails(404, 'NoSuchKey'),
      fails(404, 'NoSuchBucket'),
      fails(403, 'AccessDenied'),
    ]);
    expect(await store.get(KEY)).toBeUndefined();
    await expect(store.get(KEY)).rejects.toMatchObject({
      code: 'store_unavailable',
      cause: { name: 'NoSuchBucket' },
    });
    await expect(store.get(KEY)).rejects.toMatchObject({
      code: 'store_unavailable',
      cause: { name: 'AccessDenied' },
    });
  });

  it('fails when the object breaks off', async () => {
    const { store } = await storeOn([
      (response) => {
        response.writeHead(200, { etag: '"stored"', 'content-length': 1_000 });
        response.write('only this', () => response.destroy());
      },
    ]);
    await expect(store.get(KEY)).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it('fails when the object begins and does not end', async () => {
    const startsOnly: Answer = (response) => {
      response.writeHead(200, { etag: '"stored"', 'content-length': 1_000 }).write('only this');
    };
    const { store } = await storeOn([startsOnly], { callLimitMs: 250 });
    await expect(store.get(KEY)).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});

describe.each([
  ['without a checksum', {}],
  ['with a checksum', { 'x-amz-checksum-crc32': 'AAAAAA==' }],
])('a body from S3 that is reset in its middle, %s', (_, sum: Record<string, string>) => {
  it('fails whoever reads it, also when nobody did as it broke, and the next read is answered', async () => {
    const breaking = breaksOffWithin(sum);
    const { store } = await storeOn([breaking, breaking, breaking, holds(OURS)], { callLimitMs: 2_000 });
    await expect(store.get(KEY)).rejects.toMatchObject({ code: 'store_unavailable', retryable: true });
    const late = await store.open(KEY);
    // Nobody listens while the connection is reset.
    await delay(100);
    await expect(read(late)).rejects.toMatchObject({ code: 'store_unavailable' });
    await late?.[Symbol.asyncDispose]();
    const unread = await store.open(KEY);
    await delay(100);
    await unread?.[Symbol.asyncDispose]();
    expect((await store.get(KEY))?.body).toEqual(Buffer.from(OURS));
  });
});

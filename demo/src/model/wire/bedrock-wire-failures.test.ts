import { once } from 'node:events';
import { expect, test } from 'vitest';
import {
  BODY,
  eventsOf,
  type Frame,
  framesOf,
  invokePath,
  post,
  readFrames,
  saying,
  serve,
  streamPath,
} from './bedrock-wire.fixture.ts';
import { createBedrockStandIn } from './bedrock-wire.ts';
import type { ModelOutput } from './model-output.ts';

/** Reads until the body ends or breaks. */
async function readUntilBroken(response: Response): Promise<{ frames: Frame[]; error: unknown }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk as Uint8Array);
    return { frames: framesOf(Buffer.concat(chunks)), error: undefined };
  } catch (error) {
    return { frames: framesOf(Buffer.concat(chunks)), error };
  }
}

test('an error is a status, an error type and a message, streamed or not', async () => {
  const error = {
    type: 'error',
    status: 429,
    errorType: 'ThrottlingException',
    message: 'Slow down',
  } as const;
  const base = await serve(saying(error));
  for (const path of [streamPath, invokePath]) {
    const response = await post(base + path);
    expect(response.status).toBe(429);
    expect(response.headers.get('x-amzn-errortype')).toBe('ThrottlingException');
    expect(await response.json()).toEqual({ message: 'Slow down' });
  }
});

test('an exception ends the stream with an exception frame and a whole answer with its status', async () => {
  const exception = { type: 'exception', errorType: 'modelStreamErrorException', message: 'Lost' } as const;
  const base = await serve(saying({ type: 'text', text: 'Hel' }, exception, { type: 'text', text: 'never' }));
  const frames = await readFrames(await post(base + streamPath));
  expect(frames.at(-1)).toEqual({
    headers: {
      ':message-type': 'exception',
      ':exception-type': 'modelStreamErrorException',
      ':content-type': 'application/json',
    },
    payload: { message: 'Lost' },
  });
  expect(eventsOf(frames.slice(0, -1)).at(-1)?.delta?.text).toBe('Hel');

  const whole = await post(base + invokePath);
  expect(whole.status).toBe(424);
  expect(whole.headers.get('x-amzn-errortype')).toBe('ModelStreamErrorException');
});

test('a cut stream delivers what was said before and then breaks', async () => {
  const base = await serve(
    saying({ type: 'text', text: 'Hel' }, { type: 'text', text: 'lo' }, { type: 'cut' }),
  );
  const { frames, error } = await readUntilBroken(await post(base + streamPath));
  const events = eventsOf(frames);
  expect(events.map((event) => event.delta?.text ?? '').join('')).toBe('Hello');
  expect(events.at(-1)?.type).toBe('content_block_delta');
  expect(error).toBeInstanceOf(Error);
});

test('cut at once, the connection ends without an answer', async () => {
  const base = await serve(saying({ type: 'cut' }));
  await expect(post(base + streamPath)).rejects.toThrow(TypeError);
  await expect(post(base + invokePath)).rejects.toThrow(TypeError);
});

test('a client that goes away aborts the signal and returns the model', async () => {
  const returned = Promise.withResolvers<boolean>();
  const base = await serve(async function* (_request, signal) {
    try {
      yield { type: 'text', text: 'Hel' };
      await once(signal, 'abort');
      yield { type: 'text', text: 'nobody reads this' };
    } finally {
      returned.resolve(signal.aborted);
    }
  });
  const client = new AbortController();
  const response = await post(base + streamPath, BODY, client.signal);
  await response.body?.getReader().read();
  client.abort();
  expect(await returned.promise).toBe(true);
});

test('a client that goes away before the first word aborts the signal too', async () => {
  const asked = Promise.withResolvers<undefined>();
  const aborted = Promise.withResolvers<boolean>();
  const base = await serve(async function* (_request, signal) {
    asked.resolve(undefined);
    await once(signal, 'abort');
    aborted.resolve(signal.aborted);
    yield { type: 'text', text: 'nobody reads this' };
  });
  const client = new AbortController();
  const answer = post(base + streamPath, BODY, client.signal);
  await asked.promise;
  client.abort();
  await expect(answer).rejects.toThrow();
  expect(await aborted.promise).toBe(true);
});

test('the model is read only as fast as the client takes the frames', async () => {
  let taken = 0;
  const standIn = createBedrockStandIn({
    async *respond() {
      await Promise.resolve();
      for (;;) {
        taken += 1;
        yield { type: 'text', text: 'x' };
      }
    },
  });
  const response = await standIn.request(streamPath, { method: 'POST', body: JSON.stringify(BODY) });
  const reader = response.body?.getReader();
  for (let read = 0; read < 5; read += 1) await reader?.read();
  expect(taken).toBe(5);
  await reader?.cancel();
  expect(taken).toBe(5);
});

test('a model that throws before its first word is an internal error', async () => {
  const base = await serve(async function* () {
    yield* await Promise.reject<ModelOutput[]>(new Error('a fault of the model'));
  });
  const response = await post(base + streamPath);
  expect(response.status).toBe(500);
  expect(response.headers.get('x-amzn-errortype')).toBe('InternalServerException');
  expect(await response.json()).toEqual({ message: 'Error: a fault of the model' });
});

test.each([
  ['no JSON', '{'],
  ['no messages', JSON.stringify({ max_tokens: 1, messages: [] })],
  [
    'a malformed block',
    JSON.stringify({ ...BODY, messages: [{ role: 'user', content: [{ type: 'text' }] }] }),
  ],
])('a body with %s is a ValidationException', async (_what, body) => {
  const response = await createBedrockStandIn({ respond: saying() }).request(invokePath, {
    method: 'POST',
    body,
  });
  expect(response.status).toBe(400);
  expect(response.headers.get('x-amzn-errortype')).toBe('ValidationException');
});

test('a body above 50 MB is refused, one of 20 MB is not', async () => {
  const base = await serve(saying({ type: 'text', text: 'ok' }));
  const sized = (bytes: number) => ({ ...BODY, padding: 'x'.repeat(bytes) });
  expect((await post(base + invokePath, sized(20 * 1024 * 1024))).status).toBe(200);
  expect((await post(base + invokePath, sized(51 * 1024 * 1024))).status).toBe(413);
});

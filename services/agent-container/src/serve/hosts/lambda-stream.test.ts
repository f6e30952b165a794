import { setTimeout as delay } from 'node:timers/promises';
import { PassThrough, type Writable } from 'node:stream';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { streamResponse } from './lambda-stream.ts';

/** What Lambda puts into the process: here the stream has no prelude. */
beforeAll(() => {
  vi.stubGlobal('awslambda', { HttpResponseStream: { from: (output: Writable) => output } });
});
afterAll(() => {
  vi.unstubAllGlobals();
});

const RESET = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

/** A run that says one word, and the next one when it is read; and how it was ended. */
function running(): { response: Response; cancelled: Promise<unknown> } {
  const { promise: cancelled, resolve } = Promise.withResolvers<unknown>();
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        await delay(5);
        controller.enqueue(Buffer.from('word\n'));
      },
      cancel: (reason) => resolve(reason),
    },
    { highWaterMark: 0 },
  );
  return { response: new Response(body), cancelled };
}

it.each([
  ['before its first word', (output: Writable) => void output.destroy(RESET)],
  ['in its middle', (output: Writable) => setTimeout(() => output.destroy(RESET), 30)],
  ['in its middle, without a reason', (output: Writable) => setTimeout(() => output.destroy(), 30)],
])('A reader of the function’s answer that goes %s ends the run, and nothing else', async (_, leave) => {
  const output = new PassThrough();
  const errors: unknown[] = [];
  output.on('error', (error) => errors.push(error)).resume();
  const { response, cancelled } = running();
  leave(output);
  await expect(streamResponse(response, output)).rejects.toMatchObject({
    code: expect.stringMatching(/^(ECONNRESET|ERR_STREAM)/) as unknown,
  });
  await cancelled;
});

it('A stream that fails after the answer’s end is heard by who opened it', async () => {
  const output = new PassThrough();
  const errors: unknown[] = [];
  output.on('error', (error) => errors.push(error)).resume();
  await streamResponse(new Response('whole'), output);
  await streamResponse(new Response(null, { status: 204 }), new PassThrough().resume());
  output.emit('error', RESET);
  expect(errors).toEqual([RESET]);
});

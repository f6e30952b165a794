import { expect, it } from 'vitest';
import { openForTest, TOKEN } from './stand-in.fixture.ts';

const MIB = 1024 * 1024;

/** A body of 400 MB that is made as it is read. */
function largeBody(): { readonly body: ReadableStream<Uint8Array>; readonly readBytes: () => number } {
  let read = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (read >= 400 * MIB) {
        controller.close();
        return;
      }
      read += MIB;
      controller.enqueue(new Uint8Array(MIB).fill(32));
    },
  });
  return { body, readBytes: () => read };
}

it.each([
  ['a call of the bot with a wrong token', '/botwrong/sendMessage', 'application/json', 401, 2],
  ['a call of the bot', `/bot${TOKEN}/sendMessage`, 'application/json', 413, 55],
  ['a file of the page', '/page/files', 'application/octet-stream', 413, 25],
  ['a message of the page', '/page/chats/1000001/messages', 'application/json', 413, 4],
  ['a new chat of the page', '/page/chats', 'application/json', 413, 4],
])('Of 400 MB, %s is read to its limit at most', async (_, path, mediaType, status, mostMib) => {
  const { app } = openForTest();
  const { body, readBytes } = largeBody();
  const response = await app.request(path, {
    method: 'POST',
    headers: { 'content-type': mediaType },
    body,
    duplex: 'half',
  });
  expect(response.status).toBe(status);
  expect(readBytes()).toBeLessThanOrEqual(mostMib * MIB);
});

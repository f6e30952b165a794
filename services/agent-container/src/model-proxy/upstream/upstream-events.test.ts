// a provider whose connection fails in one way after another: only that call fails, and the proxy answers the next one
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { call, INVOKE, startProxy } from '../proxy-client.fixture.ts';

const LONG = 'x'.repeat(200_000);
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const MESSAGE = '{"type":"message","usage":{"input_tokens":1,"output_tokens":1}}';
const WHOLE = `${HEAD}content-length: ${MESSAGE.length}\r\n\r\n${MESSAGE}`;

/** A provider that speaks bytes, not HTTP; closed with the test. */
async function startBytes(answer: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.resume();
      answer(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const FAILURES: Record<string, (socket: Socket) => void> = {
  'is reset before a byte of its answer': (socket) => socket.resetAndDestroy(),
  'is closed without an answer': (socket) => void socket.end(),
  'is reset within the headers': (socket) =>
    socket.write('HTTP/1.1 200 OK\r\ncontent-', () => socket.resetAndDestroy()),
  'says what is no HTTP': (socket) => void socket.end('\0\x01 no HTTP \r\n\r\n'),
  'has headers without an end': (socket) => void socket.write(`${HEAD}x: ${LONG}`),
  'wants another protocol': (socket) =>
    void socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  'is reset within the body': (socket) =>
    socket.write(`${HEAD}content-length: 9\r\n\r\n{`, () => socket.resetAndDestroy()),
  'is reset within an error of the provider': (socket) =>
    socket.write('HTTP/1.1 403 No\r\ncontent-length: 99\r\n\r\n{"message"', () => socket.resetAndDestroy()),
  'ends before the body does': (socket) => void socket.end(`${HEAD}content-length: 9\r\n\r\n{`),
  'has a chunk of no length': (socket) =>
    void socket.end(`${HEAD}transfer-encoding: chunked\r\n\r\nZZ\r\n{}\r\n`),
  'says more than it announced': (socket) => void socket.end(`${WHOLE}${LONG}`),
};

it.each(Object.entries(FAILURES))(
  'A connection to the model that %s fails its own call alone',
  async (_, fail) => {
    let hasFailed = false;
    const url = await startBytes((socket) => {
      if (hasFailed) socket.end(WHOLE);
      else fail(socket);
      hasFailed = true;
    });
    const proxy = await startProxy(url);
    const [unlucky, next] = [proxy.open({ sessionId: 'a' }), proxy.open({ sessionId: 'b' })];
    // Refused in our words, or cut off like the answer itself; it does not hang.
    await call(proxy, unlucky, { path: INVOKE }).catch((error: unknown) => error);
    expect(hasFailed).toBe(true);
    expect(await call(proxy, next, { path: INVOKE })).toMatchObject({ status: 200, text: MESSAGE });
  },
);

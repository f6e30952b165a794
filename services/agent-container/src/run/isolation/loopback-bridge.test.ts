import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openBridge } from './loopback-bridge.ts';

/** A server on loopback that says "here" to everybody and keeps them. */
async function greeter(): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).write('here');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

it('leads to the port, for so many at once as leave the server its descriptors, and again once they are gone', async () => {
  const bridge = await openBridge(await greeter());
  onTestFinished(() => bridge.close());
  const opened: Socket[] = [];
  onTestFinished(() => {
    for (const socket of opened) socket.destroy();
  });
  const visit = async (): Promise<string> => {
    const socket = connect(bridge.socket);
    opened.push(socket);
    const said = once(socket, 'data').then(String);
    const cut = once(socket, 'close').then(() => 'cut');
    return Promise.race([said, cut]);
  };
  const first = await Promise.all(Array.from({ length: 64 }, visit));
  expect(first.every((said) => said === 'here')).toBe(true);
  expect(await visit()).toBe('cut');
  for (const socket of opened.splice(0)) socket.destroy();
  await expect.poll(visit).toBe('here');
});

/** Of 64 KiB that are let through; what was let through a turn earlier may come with them. In bytes. */
const MOST_OF_A_TURN = 256 * 1024;

it('lets pieces through one by one, however many connections bring them, and loses none', async () => {
  const [connections, each] = [60, 512 * 1024];
  let [total, ofTurn, most] = [0, 0, 0];
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .on('data', (piece: Buffer) => {
        total += piece.byteLength;
        if (ofTurn === 0)
          setImmediate(() => {
            most = Math.max(most, ofTurn);
            ofTurn = 0;
          });
        ofTurn += piece.byteLength;
      });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const bridge = await openBridge((server.address() as AddressInfo).port);
  onTestFinished(async () => {
    await bridge.close();
    server.close();
  });
  const visits = Array.from({ length: connections }, () => {
    const socket = connect(bridge.socket).on('error', () => undefined);
    socket.end(Buffer.alloc(each));
    return once(socket.resume(), 'close');
  });
  await Promise.all(visits);
  expect(total).toBe(connections * each);
  expect(most).toBeLessThan(MOST_OF_A_TURN);
});

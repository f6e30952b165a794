import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Far more than a CLI opens; each takes descriptors of the server, which others need too. */
const MAX_CONNECTIONS = 64;

/** A socket on disk that leads to a port on loopback: the only way out of a sandbox without a network. */
export async function openBridge(port: number): Promise<{ socket: string; close(): Promise<void> }> {
  // A socket's path may have 107 bytes, which a data directory can exceed.
  const folder = await mkdtemp(join(tmpdir(), 'omnicloud-'));
  const socket = join(folder, 's');
  let last = Promise.resolve();
  const turn = (): Promise<void> => (last = last.then(() => nextTurn()));
  // Who has said all that there is to say still waits for its answer, and what was said may still have to take its turn.
  const server = createServer({ allowHalfOpen: true }, (incoming) => {
    const outgoing = connect(port, '127.0.0.1');
    incoming.on('error', () => outgoing.destroy()).on('close', () => outgoing.destroy());
    outgoing.on('error', () => incoming.destroy()).on('close', () => incoming.destroy());
    incoming.pipe(paced(turn)).pipe(outgoing).pipe(incoming);
  });
  // A connection that the system cannot give is that one's own misfortune.
  server.on('error', () => undefined);
  server.maxConnections = MAX_CONNECTIONS;
  const close = async (): Promise<void> => {
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await once(server.listen(socket), 'listening');
    await chmod(socket, 0o666);
  } catch (error) {
    await close();
    throw error;
  }
  return { socket, close };
}

/**
 * Of all connections together, one piece is let through at a time (64 KiB, as sockets are read), and all that the process has to do is done
 * between two: as many pieces as there are connections, full of requests or of chunks of a single byte, would hold the server for seconds.
 */
function paced(turn: () => Promise<void>): Transform {
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      void turn().then(() => done(null, piece));
    },
  });
}

import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Far more than a CLI opens; each takes descriptors of the server, which others need too. */
const MAX_CONNECTIONS = 64;

/** A socket on disk that leads to a port on loopback: the only way out of a sandbox without a network. */
export async function openBridge(port: number): Promise<{ socket: string; close(): Promise<void> }> {
  // A socket's path may have 107 bytes, which a data directory can exceed.
  const folder = await mkdtemp(join(tmpdir(), 'omnicloud-'));
  const socket = join(folder, 's');
  const server = createServer((incoming) => {
    const outgoing = connect(port, '127.0.0.1');
    incoming.on('error', () => outgoing.destroy()).on('close', () => outgoing.destroy());
    outgoing.on('error', () => incoming.destroy()).on('close', () => incoming.destroy());
    incoming.pipe(outgoing).pipe(incoming);
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

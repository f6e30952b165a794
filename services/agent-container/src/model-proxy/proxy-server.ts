// an HTTP server on which nobody can keep a connection busy by sending nothing, or too slowly
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ListenOptions, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { IdleConnections } from './idle-connections.ts';
import type { ProxyLimits } from './limits/proxy-limits.ts';

/** One request, and the connection's place among those that are in use. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Keeps the connection from being ended for a newer one until the response is closed. */
  readonly use: () => void;
}

/** Where the limits' timeouts are looked at: Node does that in steps. */
const MAX_STEP_MS = 1_000;

/** What a server does with each request, and with a connection that the system could not give. */
interface Serving {
  readonly handle: (exchange: Exchange) => void;
  readonly onError: (error: unknown) => void;
}

/** Listens; it does not keep the process alive by itself. */
export async function openServer(
  where: ListenOptions,
  { headersMs, waitMs, bodyMs, idleConnections }: ProxyLimits,
  { handle, onError }: Serving,
): Promise<Server> {
  const server = createServer({
    headersTimeout: headersMs,
    // The deadlines of waiting and of reading come first, and answer better.
    requestTimeout: headersMs + 2 * (waitMs + bodyMs),
    connectionsCheckingInterval: Math.min(MAX_STEP_MS, headersMs),
  });
  const idle = new IdleConnections(server, idleConnections);
  server.on('request', (request, response) =>
    handle({ request, response, use: () => void response.once('close', idle.use(request.socket)) }),
  );
  server.on('connect', hangUp).on('upgrade', hangUp);
  server.unref();
  const ready = once(server, 'listening');
  server.listen(where);
  await ready;
  // A listening server says so when a connection cannot be taken; without a listener, that would end the process.
  server.on('error', onError);
  return server;
}

/** Ends listening, and all connections. */
export async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

function hangUp(_: IncomingMessage, socket: Duplex | Socket): void {
  socket.destroy();
}

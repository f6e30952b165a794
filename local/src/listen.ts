import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';

type FetchHandler = (request: Request, ...rest: unknown[]) => Response | Promise<Response>;

export interface Listener {
  readonly port: number;
  /** Answers requests from now on; before that, they are told to come again. */
  serve(handler: FetchHandler): void;
  /** Cuts all connections. */
  close(): Promise<void>;
}

/** @returns the URL of a host and port, with an IPv6 address in brackets. */
export function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** @returns where this machine itself reaches what is bound to `host`: an address that stands for all is none to connect to. */
export function ownUrlOf(host: string, port: number): string {
  if (host === '0.0.0.0') return urlOf('127.0.0.1', port);
  return urlOf(host === '::' ? '::1' : host, port);
}

/**
 * Opens the port before anything behind it exists, because the parts need to know each other's address.
 * @param onError told of connections that could not be taken.
 * @throws Node's own error (`EADDRINUSE`, `EACCES` …) when the port cannot be had.
 */
export async function listen(
  host: string,
  port: number,
  onError: (error: unknown) => void = () => undefined,
): Promise<Listener> {
  let handle: FetchHandler = () => new Response(null, { status: 503, headers: { 'retry-after': '1' } });
  const server = createAdaptorServer({ fetch: (request, ...rest) => handle(request, ...rest) });
  server.listen(port, host);
  await once(server, 'listening');
  // A connection that the system cannot give is that one's own misfortune.
  server.on('error', onError);
  return {
    port: (server.address() as AddressInfo).port,
    serve: (handler) => {
      handle = handler;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await closed;
    },
  };
}

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Ends the oldest connection without a request that is being answered when there are too many of those. Whoever opens them takes
 * nothing from the others: a new connection is always taken, and one that is in use stays.
 */
export class IdleConnections {
  readonly #most: number;
  /** In the order in which they became idle. */
  readonly #idle = new Set<Socket>();

  constructor(server: Server, most: number) {
    this.#most = most;
    server.on('connection', (socket) => {
      this.#add(socket);
      socket.once('close', () => this.#idle.delete(socket));
    });
  }

  /** @returns what says that the request on the connection is answered. */
  use(socket: Socket): () => void {
    this.#idle.delete(socket);
    return () => {
      if (!socket.destroyed) this.#add(socket);
    };
  }

  #add(socket: Socket): void {
    this.#idle.add(socket);
    const [oldest] = this.#idle;
    if (this.#idle.size > this.#most) oldest?.destroy();
  }
}

import type { IncomingMessage } from 'node:http';

/** A whole answer of the server. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** @param isGone tells whether the caller still waits. */
export type Forward = (request: IncomingMessage, body: Buffer, isGone: () => boolean) => Promise<Answer>;

import { serve } from '@hono/node-server';
import type { Update } from 'grammy/types';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { openTelegramStandIn, type TelegramStandIn, type TelegramStandInOptions } from './stand-in.ts';

export const TOKEN = '7000000001:stand-in-token';
export const PERSON_ID = 1_000_001;
export const TEAM_ID = -1_001_000_000_001;
export const IDEAS_ID = 2;
export const RELEASE_ID = 3;

/** A folder of the test's own, gone when it ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'telegram-stand-in-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A stand-in of the test's own, stopped when it ends. Errors that it reports fail the test unless it takes them. */
export function openForTest(
  options: Partial<TelegramStandInOptions> = {},
): TelegramStandIn & { directory: string } {
  const directory = options.directory ?? temporaryDirectory();
  const errors: unknown[] = [];
  const standIn = openTelegramStandIn({
    token: TOKEN,
    onError: (error) => errors.push(error),
    ...options,
    directory,
  });
  onTestFinished(async () => {
    await standIn.stop();
    expect(errors).toEqual([]);
  });
  return { ...standIn, directory };
}

export interface BotAnswer<Result = unknown> {
  ok: boolean;
  result: Result;
  error_code?: number;
  description?: string;
}

/** Calls a Bot API method with a JSON body. */
export async function callBot<Result = unknown>(
  standIn: TelegramStandIn,
  method: string,
  payload: object = {},
): Promise<BotAnswer<Result>> {
  const response = await standIn.app.request(`/bot${TOKEN}/${method}`, jsonPost(payload));
  return (await response.json()) as BotAnswer<Result>;
}

export function jsonPost(payload: object): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(payload),
  };
}

/** Serves an app on a free loopback port until the test ends. @returns its origin. */
export async function serveForTest(app: {
  fetch: (request: Request) => Response | Promise<Response>;
}): Promise<string> {
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
    await closed;
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

export interface ReceivedUpdate {
  update: Update;
  secret: string | null;
  answer: (response?: Response) => void;
}

/** A webhook whose answers the test gives one by one. */
export class WebhookReceiver {
  readonly #received: ReceivedUpdate[] = [];
  #waiting: (() => void) | undefined;

  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const update = (await request.json()) as Update;
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    request.signal.addEventListener('abort', () => reject(request.signal.reason as Error), { once: true });
    this.#received.push({
      update,
      secret: request.headers.get('x-telegram-bot-api-secret-token'),
      answer: (response = new Response()) => resolve(response),
    });
    this.#waiting?.();
    return promise;
  };

  /** How many arrived that `next` has not handed out. */
  get unseen(): number {
    return this.#received.length;
  }

  /** Waits for the next delivery. */
  async next(): Promise<ReceivedUpdate> {
    for (;;) {
      const first = this.#received.shift();
      if (first) return first;
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }
}

// workers → this balancer, which delays and cuts → whichever agent server is there
import { once } from 'node:events';
import {
  createServer,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { questionsIn } from './marks.ts';
import type { Random } from './random.ts';

const CUT_SHARE = 0.03;
const LATENCY_MS = 40;
/** A cut comes at most this long after the answer began, in ms. */
const CUT_WITHIN_MS = 400;
/** For so long a request waits until there is an agent server, in ms. */
const PATIENCE_MS = 5_000;
const LOOK_AGAIN_MS = 100;

export interface AgentProxy {
  readonly url: string;
  /** How many connections it cut. */
  cuts(): number;
  close(): Promise<void>;
}

/** @param ports those of the agent servers that are alive; a frozen one counts as such. */
export async function startAgentProxy(random: Random, ports: () => readonly number[]): Promise<AgentProxy> {
  let cuts = 0;
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk as Buffer);
    const lot = random.occurrence(questionsIn(Buffer.concat(body).toString()).join(' '));
    await delay(lot.between(0, LATENCY_MS));
    const cutAfterMs = lot.chance(CUT_SHARE) ? lot.between(0, CUT_WITHIN_MS) : undefined;
    const giveUpAtMs = Date.now() + PATIENCE_MS;
    while (!response.destroyed) {
      const alive = ports();
      const port = alive[lot.integer(0, alive.length - 1)];
      const upstream = port === undefined ? undefined : await connect(port, request, Buffer.concat(body));
      if (upstream) {
        relay(upstream, response);
        if (cutAfterMs === undefined) return;
        await delay(cutAfterMs);
        if (response.writableFinished) return;
        cuts += 1;
        break;
      }
      if (Date.now() > giveUpAtMs) break;
      await delay(LOOK_AGAIN_MS);
    }
    response.destroy();
  };
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @returns the request under way; undefined when nobody listens there, so that another server may be asked. */
async function connect(
  port: number,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Promise<ClientRequest | undefined> {
  const upstream = httpRequest({ host: '127.0.0.1', port, method, path: url, headers, agent: false });
  const connected = new Promise<boolean>((resolve) => {
    upstream.once('socket', (socket) => socket.once('connect', () => resolve(true)));
    upstream.once('error', () => resolve(false));
  });
  if (!(await connected)) return undefined;
  upstream.end(body);
  return upstream;
}

function relay(upstream: ClientRequest, response: ServerResponse): void {
  upstream.on('error', () => response.destroy());
  upstream.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    answer.on('data', (chunk: Buffer) => response.write(chunk));
    answer.on('end', () => response.end());
    answer.on('close', () => {
      if (!answer.complete) response.destroy();
    });
    answer.on('error', () => response.destroy());
  });
  response.on('close', () => upstream.destroy());
}

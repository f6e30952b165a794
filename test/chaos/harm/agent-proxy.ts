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
import { SESSION_KEY_HEADER } from '@omnicloud/protocol';
import type { AgentAsked } from '../evidence/evidence.ts';
import { questionsIn } from '../evidence/marks.ts';
import type { Random } from '../surroundings/random.ts';
import type { SessionNames } from '../evidence/session-names.ts';

const CUT_SHARE = 0.03;
/** Also in a small run one is cut. */
const CUT_AT_LEAST_AFTER = 10;
const LATENCY_MS = 40;
/** A cut comes at most this long after the answer began, in ms. */
const CUT_WITHIN_MS = 400;
/** For so long a request waits until there is an agent server, in ms. */
const PATIENCE_MS = 5_000;
const LOOK_AGAIN_MS = 100;

/** An agent server that is alive; a frozen one counts as such. */
export interface LiveAgent {
  readonly life: string;
  readonly port: number;
}

export interface AgentProxy {
  readonly asks: readonly AgentAsked[];
  /** @returns its address for one worker in its present life. */
  urlFor(worker: string): string;
  close(): Promise<void>;
}

type Draft = { -readonly [Name in keyof AgentAsked]: AgentAsked[Name] };

/** @param names told which session is which conversation's. */
export async function startAgentProxy(
  random: Random,
  agents: () => readonly LiveAgent[],
  names: SessionNames,
): Promise<AgentProxy> {
  const asks: Draft[] = [];
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const [, worker = '', path = '/'] = /^\/([^/]+)(\/.*)$/.exec(request.url ?? '') ?? [];
    const ask = begunAsk(request, body.toString(), decodeURIComponent(worker));
    asks.push(ask);
    names.noteSessionIn(path, ask.session);
    response.once('close', () => {
      ask.endedAtMs = Date.now();
      ask.ending ??= response.writableFinished ? 'whole' : 'broken';
    });
    const lot = random.occurrence(ask.tokens.join(' '));
    await delay(lot.between(0, LATENCY_MS));
    const isToBeCut = lot.chance(CUT_SHARE) || (asks.length >= CUT_AT_LEAST_AFTER && !asks.some(isCut));
    const cutAfterMs = isToBeCut ? lot.between(0, CUT_WITHIN_MS) : undefined;
    const giveUpAtMs = Date.now() + PATIENCE_MS;
    while (!response.destroyed) {
      const alive = agents();
      const agent = alive[lot.integer(0, alive.length - 1)];
      const upstream = agent && (await connect({ port: agent.port, path }, request, body));
      if (upstream) {
        ask.agent = agent.life;
        relay(upstream, response, (text) => names.noteSessionIn(text, ask.session));
        if (cutAfterMs === undefined) return;
        await delay(cutAfterMs);
        if (response.writableFinished) return;
        ask.ending = 'cut';
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
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    asks,
    urlFor: (worker) => `${url}/${encodeURIComponent(worker)}`,
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
  { port, path }: { readonly port: number; readonly path: string },
  { method, headers }: IncomingMessage,
  body: Buffer,
): Promise<ClientRequest | undefined> {
  const upstream = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false });
  const connected = new Promise<boolean>((resolve) => {
    upstream.once('socket', (socket) => socket.once('connect', () => resolve(true)));
    upstream.once('error', () => resolve(false));
  });
  if (!(await connected)) return undefined;
  upstream.end(body);
  return upstream;
}

function isCut({ ending }: AgentAsked): boolean {
  return ending === 'cut';
}

function begunAsk({ headers }: IncomingMessage, body: string, worker: string): Draft {
  return {
    worker,
    agent: undefined,
    session: String(headers[SESSION_KEY_HEADER] ?? ''),
    tokens: questionsIn(body),
    atMs: Date.now(),
    endedAtMs: Infinity,
    ending: undefined,
  };
}

/** @param onStart told the beginning of the answer. */
function relay(upstream: ClientRequest, response: ServerResponse, onStart: (text: string) => void): void {
  upstream.on('error', () => response.destroy());
  upstream.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    answer.once('data', (chunk: Buffer) => onStart(chunk.toString()));
    answer.on('data', (chunk: Buffer) => response.write(chunk));
    answer.on('end', () => response.end());
    answer.on('close', () => {
      if (!answer.complete) response.destroy();
    });
    answer.on('error', () => response.destroy());
  });
  response.on('close', () => upstream.destroy());
}

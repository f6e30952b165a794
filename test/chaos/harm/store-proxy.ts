// webhook, workers and agent servers → this proxy, which delays, refuses and cuts → a server of S3, DynamoDB or SQS
import { once } from 'node:events';
import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { spareMoto } from '../surroundings/spare-moto.ts';
import type { FailedCall } from './faulty-port.ts';
import type { Answer, Forward } from './forward.ts';
import type { Random } from '../surroundings/random.ts';

/** The shares of calls: refused as by a busy service, cut before they have an effect, cut after it. */
const FAULTS = { refused: 0.01, cut: 0.005, answerLost: 0.005 };
/** Sometimes a service refuses everything for a while, so that a client's own retries are in vain too. */
const OUTAGE = { share: 0.0004, ms: 1_200 };
const LATENCY_MS = 60;
/** What a call is about stands in its address, or in so much of its body. */
const NAMED_IN_BYTES = 4_096;

export type AwsService = 's3' | 'dynamodb' | 'sqs';

/** What each service says to who asks too much. */
const REFUSALS: Record<AwsService, { status: number; type: string; body: string }> = {
  s3: {
    status: 503,
    type: 'application/xml',
    body: '<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>',
  },
  dynamodb: {
    status: 400,
    type: 'application/x-amz-json-1.0',
    body: '{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"Too much"}',
  },
  sqs: {
    status: 503,
    type: 'application/x-amz-json-1.0',
    body: '{"__type":"com.amazonaws.sqs#ServiceUnavailable","message":"Busy"}',
  },
};

export interface StoreProxy {
  /** To be given to the AWS SDK in place of the server. */
  readonly url: string;
  /** The calls that failed here. */
  readonly failedCalls: readonly FailedCall[];
  close(): Promise<void>;
}

interface Upstream {
  readonly service: AwsService;
  /** The server's address; its path is put before those of the calls. */
  readonly url: string;
  /** Whether it is moto's SQS, which has to be spared. */
  readonly isMotoQueue: boolean;
}

export async function startStoreProxy(random: Random, upstream: Upstream): Promise<StoreProxy> {
  const failedCalls: FailedCall[] = [];
  let isOutUntilMs = 0;
  const direct: Forward = (request, body) => send(upstream.url, request, body);
  const forward = upstream.isMotoQueue ? spareMoto(direct) : direct;
  const noteFailure = (operation: string, body: Buffer): void => {
    const about = `${operation} ${body.toString('utf8', 0, NAMED_IN_BYTES)}`;
    failedCalls.push({ store: upstream.service, about, atMs: Date.now() });
  };
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const operation = String(request.headers['x-amz-target'] ?? `${request.method} ${request.url}`);
    const lot = random.occurrence(operation);
    if (lot.chance(OUTAGE.share)) isOutUntilMs = Date.now() + OUTAGE.ms;
    const [isCut, isLost, isRefused] = [FAULTS.cut, FAULTS.answerLost, FAULTS.refused].map((share) =>
      lot.chance(share),
    );
    // Most calls are quick: the square makes the long ones rare.
    await delay(LATENCY_MS * lot.next() ** 2);
    if (isCut) {
      noteFailure(operation, body);
      response.destroy();
      return;
    }
    if (isRefused || Date.now() < isOutUntilMs) {
      noteFailure(operation, body);
      const { status, type, body: said } = REFUSALS[upstream.service];
      response.writeHead(status, { 'content-type': type }).end(said);
      return;
    }
    const answer = await forward(request, body, () => response.destroyed);
    if (isLost) {
      noteFailure(operation, body);
      response.destroy();
      return;
    }
    const { 'transfer-encoding': _chunked, connection: _connection, ...headers } = answer.headers;
    response.writeHead(answer.status, { ...headers, 'content-length': answer.body.byteLength });
    response.end(answer.body);
  };
  const server = createServer((request, response) => {
    // The caller or the server has gone.
    pass(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    failedCalls,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The host that the client signed goes along: servers that check signatures take it from there. */
async function send(
  base: string,
  { method, url = '/', headers }: IncomingMessage,
  body: Buffer,
): Promise<Answer> {
  const { protocol, hostname, port, pathname } = new URL(base);
  const path = `${pathname.replace(/\/$/, '')}${url}`;
  const start = protocol === 'https:' ? httpsRequest : httpRequest;
  const upstream = start({ hostname, port, method, path, headers });
  upstream.end(body);
  const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: await readBody(answer) };
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Edge {
  readonly url: string;
  /** Everything it was asked, oldest first. */
  readonly asked: Asked[];
}

/** A server of somebody else's that answers everything like this, gone with the test. */
export async function startEdge(status: number, answer: string): Promise<Edge> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      asked.push({ path: request.url ?? '', headers: request.headers, body });
      response.writeHead(status, { 'content-type': 'application/json' }).end(answer);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** A model that answers everything, or refuses everything. */
export function startModel(status: number): Promise<Edge> {
  return startEdge(status, JSON.stringify({ content: [], usage: { input_tokens: 1, output_tokens: 1 } }));
}

/** What Lambda says of an account, as far as its limits go. */
export function startLambda(concurrent: number, unreserved = concurrent): Promise<Edge> {
  const AccountLimit = { ConcurrentExecutions: concurrent, UnreservedConcurrentExecutions: unreserved };
  return startEdge(200, JSON.stringify({ AccountLimit, AccountUsage: { FunctionCount: 0 } }));
}

// HTTP request → event → function → its streamed answer, passed on as it comes
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { restApiEvent } from './events.ts';
import type { FunctionProcess } from './function-process.ts';
import { readStreamedResponse } from './http-response.ts';

/** API Gateway's part between a caller and a function with `responseTransferMode: STREAM`. */
export interface RestApi {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * @param current the execution environment that the next request is for
 * @param timeoutMs the function's own time limit
 */
export async function startRestApi(current: () => FunctionProcess, timeoutMs: number): Promise<RestApi> {
  const server = createServer((request, response) => {
    void (async () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      const event = restApiEvent(request.method ?? '', request.url ?? '', {
        headers,
        body: await text(request),
      });
      try {
        // As the gateway hands it on to a function with tenant isolation.
        const invocation = current().api.invoke(event, timeoutMs, headers['x-session-key']);
        const answer = await readStreamedResponse(await invocation.response);
        response.writeHead(answer.statusCode, answer.headers);
        for await (const chunk of answer.body) response.write(chunk);
        response.end();
      } catch {
        // What a function could not answer is API Gateway's 500, or a stream that breaks off.
        if (response.headersSent) response.destroy();
        else response.writeHead(500).end('{"message": "Internal server error"}');
      }
    })();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

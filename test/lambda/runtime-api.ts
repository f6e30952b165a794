// invoke → the function's GET next → its POST response (buffered or a stream) | error → the next GET
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** What a function reports instead of an answer. */
interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
}

/** How an invocation was answered. The body may still be on its way. */
export interface FunctionResponse {
  /** `streaming`, or undefined for an answer in one piece. */
  readonly mode: string | undefined;
  readonly contentType: string | undefined;
  /** Destroyed, it is a connection that broke. */
  readonly body: IncomingMessage;
}

export interface Invocation {
  /** Rejects with the function's error, and when the runtime API is closed before. */
  readonly response: Promise<FunctionResponse>;
  /** When the function asked for its next event: until then it may run, after that it is frozen. */
  readonly frozen: Promise<undefined>;
}

/** Lambda's side of https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, for one execution environment. */
export interface RuntimeApi {
  /** For `AWS_LAMBDA_RUNTIME_API`. */
  readonly address: string;
  /** What the function could not start for. */
  readonly initError: Promise<FunctionError>;
  /** When the function is ready for its first event. */
  readonly ready: Promise<undefined>;
  /**
   * @param timeoutMs after which the platform would end the invocation.
   * @param tenantId whom the environment is set aside for, as a function with tenant isolation is told.
   */
  invoke(event: unknown, timeoutMs?: number, tenantId?: string): Invocation;
  close(): Promise<void>;
}

class FunctionFailedError extends Error {
  override readonly name = 'FunctionFailedError';
  readonly reported: FunctionError;

  constructor(reported: FunctionError) {
    super(`The function failed with ${reported.errorType}: ${reported.errorMessage}`);
    this.reported = reported;
  }
}

interface Open {
  readonly id: string;
  readonly event: unknown;
  readonly timeoutMs: number;
  readonly tenantId: string | undefined;
  readonly response: PromiseWithResolvers<FunctionResponse>;
  readonly frozen: PromiseWithResolvers<undefined>;
}

const ROOT = '/2018-06-01/runtime';

export async function startRuntimeApi(): Promise<RuntimeApi> {
  const initError = Promise.withResolvers<FunctionError>();
  const ready = Promise.withResolvers<undefined>();
  const waiting: Open[] = [];
  const given = new Map<string, Open>();
  let idle: ServerResponse | undefined;

  const giveOut = (): void => {
    const next = waiting[0];
    if (next === undefined || idle === undefined) return;
    waiting.shift();
    given.set(next.id, next);
    idle.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': next.id,
      'lambda-runtime-deadline-ms': String(Date.now() + next.timeoutMs),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:123456789012:function:test',
      'lambda-runtime-trace-id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
      ...(next.tenantId === undefined ? {} : { 'lambda-runtime-aws-tenant-id': next.tenantId }),
    });
    idle.end(JSON.stringify(next.event));
    idle = undefined;
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '';
    if (path === `${ROOT}/invocation/next`) {
      for (const { frozen } of given.values()) frozen.resolve(undefined);
      given.clear();
      idle = response;
      ready.resolve(undefined);
      giveOut();
      return;
    }
    if (path === `${ROOT}/init/error`) {
      initError.resolve((await json(request)) as FunctionError);
      response.writeHead(202).end();
      return;
    }
    const [, id = '', kind] = /\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    const open = given.get(id);
    if (kind === 'error') {
      open?.response.reject(new FunctionFailedError((await json(request)) as FunctionError));
      response.writeHead(202).end();
      return;
    }
    open?.response.resolve({
      mode: request.headers['lambda-runtime-function-response-mode'] as string | undefined,
      contentType: request.headers['content-type'],
      body: request,
    });
    request.once('end', () => response.writeHead(202).end());
  };

  const server = createServer((request, response) => void handle(request, response));
  // A response may take as long as the function.
  server.requestTimeout = 0;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    initError: initError.promise,
    ready: ready.promise,
    invoke: (event, timeoutMs = 900_000, tenantId?: string) => {
      const open: Open = {
        id: randomUUID(),
        event,
        timeoutMs,
        tenantId,
        response: Promise.withResolvers(),
        frozen: Promise.withResolvers(),
      };
      waiting.push(open);
      giveOut();
      return { response: open.response.promise, frozen: open.frozen.promise };
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

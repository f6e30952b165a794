// CLI, on loopback or a unix socket → whose grant? → which call? → within its budget? → the provider
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { AgentError } from '../errors.ts';
import { forwardCall } from './forward-call.ts';
import { judgeBody } from './judge-body.ts';
import { type ModelCall, parseModelCall, parseTarget, type Protocol } from './model-call.ts';
import { type GrantOptions, type ModelGrant, OpenGrant } from './model-grant.ts';
import type { ModelPolicy } from './model-policy.ts';
import { type ProxyRefusal, refuse } from './provider-error.ts';
import { readBody } from './read-body.ts';
import { Upstream, type UpstreamOptions } from './upstream.ts';

export interface ModelProxyOptions extends UpstreamOptions {
  readonly protocol: Protocol;
  readonly allows: ModelPolicy;
  /** Whether Anthropic may search the web for the CLI's WebSearch. */
  readonly isWebSearchOn?: boolean;
  /** What nobody is waiting for an answer to; requests that were cut off are not among it. */
  readonly onError?: (error: unknown) => void;
}

/**
 * The only way from a CLI to its model. It alone holds what opens the model; a CLI holds a grant, which is good for
 * the configured models, within a budget, as long as its run lasts.
 */
export class ModelProxy {
  readonly #options: ModelProxyOptions;
  readonly #upstream: Upstream;
  readonly #grants = new Set<OpenGrant>();
  readonly #servers = new Set<Server>();
  #url = '';

  private constructor(options: ModelProxyOptions) {
    this.#options = options;
    this.#upstream = new Upstream(options);
  }

  /** Listens on a free port of 127.0.0.1. It does not keep the process alive by itself. */
  static async start(options: ModelProxyOptions): Promise<ModelProxy> {
    const proxy = new ModelProxy(options);
    const server = proxy.#createServer();
    await listening(server, () => server.listen(0, '127.0.0.1'));
    proxy.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return proxy;
  }

  /** Without a slash at its end; a grant's base URL is `${url}/${token}`. */
  get url(): string {
    return this.#url;
  }

  /**
   * Listens on a unix socket too, for a CLI that has no network of its own. Whoever may open the socket still needs a grant.
   * @param socketPath does not exist yet; at most 107 bytes on Linux
   * @returns what ends listening there, with all connections, and removes the socket.
   */
  async listenOn(socketPath: string): Promise<() => Promise<void>> {
    const server = this.#createServer();
    await listening(server, () => server.listen(socketPath));
    return () => this.#closeServer(server);
  }

  open(options: GrantOptions): ModelGrant {
    const grant = new OpenGrant(options);
    this.#grants.add(grant);
    grant.closed.addEventListener('abort', () => this.#grants.delete(grant), { once: true });
    return grant;
  }

  /** Closes every grant and every connection. */
  async close(): Promise<void> {
    for (const grant of this.#grants) grant.close();
    await Promise.all([...this.#servers].map((server) => this.#closeServer(server)));
    this.#upstream.close();
  }

  #createServer(): Server {
    const server = createServer((request, response) => void this.#handle(request, response));
    server.on('connect', hangUp).on('upgrade', (_: IncomingMessage, socket: Duplex) => hangUp(_, socket));
    server.unref();
    this.#servers.add(server);
    return server;
  }

  async #closeServer(server: Server): Promise<void> {
    if (!this.#servers.delete(server)) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = parseTarget(request.url ?? '');
    const grant = target && this.#grantOf(target.token);
    if (!grant) {
      // Nothing is told to who has no grant, and nothing is read from them.
      response.writeHead(404, { Connection: 'close' }).end();
      return;
    }
    const { protocol, allows, onError } = this.#options;
    const call = parseModelCall(protocol, request.method ?? '', target, allows);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, grant.closed]);
    grant.closed.addEventListener('abort', () => response.destroy(), { once: true, signal: gone.signal });
    const end = grant.beginRequest();
    if (!end) {
      refuse(response.setHeader('Connection', 'close'), protocol, 'too_many', 'Too many requests at once');
      return;
    }
    try {
      await this.#answer(call, grant, request, response, signal);
    } catch (error) {
      if (signal.aborted) {
        response.destroy();
        return;
      }
      const failure = asFailure(error);
      grant.failure = failure;
      onError?.(failure);
      const refusal = failure.code === 'model_refused' ? 'unauthorised' : 'unavailable';
      refuse(response, protocol, refusal, failure.message);
    } finally {
      end();
    }
  }

  async #answer(
    call: ModelCall | undefined,
    grant: OpenGrant,
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const { protocol, allows, isWebSearchOn = false } = this.#options;
    const no = (refusal: ProxyRefusal, message: string): void => {
      // What is left of a body that is too large is not read.
      if (refusal === 'too_large') response.setHeader('Connection', 'close');
      refuse(response, protocol, refusal, message);
    };
    if (!call) {
      no('forbidden', 'This proxy lets only calls of the configured models through');
      return;
    }
    if (call.kind === 'list-profiles') {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"inferenceProfileSummaries":[]}');
      return;
    }
    const body = await readBody(request);
    if (!body) {
      no('too_large', 'The request is too large');
      return;
    }
    const judged = judgeBody(call, body, { protocol, allows, isWebSearchOn });
    if (!judged.allow) {
      no('forbidden', judged.reason);
      return;
    }
    const counted = call.kind === 'generate' ? await grant.beginCall(judged.estimate, signal) : undefined;
    if (call.kind === 'generate' && !counted) {
      no('over_budget', 'This turn reached its token limit');
      return;
    }
    const { headers } = request;
    try {
      await forwardCall(call, judged.body, counted, this.#upstream, protocol, headers, response, signal);
      grant.failure = undefined;
    } finally {
      counted?.end();
    }
  }

  /** Asks every grant, so that the time it takes tells nothing about which one came close. */
  #grantOf(token: string): OpenGrant | undefined {
    let found: OpenGrant | undefined;
    for (const grant of this.#grants) if (grant.isOpenedBy(token)) found = grant;
    return found;
  }
}

function asFailure(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  return new AgentError('model_unavailable', 'The connection to the model broke off', { cause: error });
}

function hangUp(_: IncomingMessage, socket: Duplex): void {
  socket.destroy();
}

async function listening(server: Server, listen: () => void): Promise<void> {
  const ready = once(server, 'listening');
  listen();
  await ready;
}

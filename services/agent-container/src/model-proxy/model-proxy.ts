// CLI, on loopback or a unix socket → whose grant? → which call? → within its budget? → the provider
import type { Server } from 'node:http';
import type { AddressInfo, ListenOptions } from 'node:net';
import type { WireErrorCode } from '@omnicloud/protocol';
import { AgentError } from '../errors.ts';
import { answerCall, type Caller } from './answer-call.ts';
import { FairShare } from './limits/fair-share.ts';
import { JudgePool } from './body/judge-pool.ts';
import { parseModelCall, parseTarget, type Protocol } from './calls/model-call.ts';
import { type GrantOptions, type ModelGrant, OpenGrant } from './calls/model-grant.ts';
import type { ModelPolicy } from './calls/model-policy.ts';
import { type Refusal, refuse } from './calls/provider-error.ts';
import { PROXY_LIMITS, type ProxyLimits } from './limits/proxy-limits.ts';
import { closeServer, type Exchange, openServer } from './proxy-server.ts';
import { Upstream, type UpstreamOptions } from './upstream/upstream.ts';

export interface ModelProxyOptions extends UpstreamOptions {
  readonly protocol: Protocol;
  readonly allows: ModelPolicy;
  /** Whether Anthropic may search the web for the CLI's WebSearch. */
  readonly isWebSearchOn?: boolean;
  /** Others than `PROXY_LIMITS`. */
  readonly limits?: Partial<ProxyLimits>;
  /** What nobody is waiting for an answer to; requests that were cut off are not among it. */
  readonly onError?: (error: unknown) => void;
}

/**
 * The only way from a CLI to its model. It alone holds what opens the model; a CLI holds a grant, which is good for
 * the configured models, within a budget, as long as its run lasts.
 */
export class ModelProxy {
  readonly #options: ModelProxyOptions;
  readonly #grants = new Set<OpenGrant>();
  readonly #servers = new Set<Server>();
  readonly #limits: ProxyLimits;
  readonly #requests: FairShare;
  readonly #caller: Caller;
  #url = '';

  private constructor(options: ModelProxyOptions) {
    const limits = { ...PROXY_LIMITS, ...options.limits };
    this.#options = options;
    this.#limits = limits;
    this.#requests = new FairShare(limits.requests, limits.requestsOfGrant);
    this.#caller = {
      protocol: options.protocol,
      isWebSearchOn: options.isWebSearchOn ?? false,
      limits,
      bytes: new FairShare(limits.heldBytes, limits.heldBytesOfGrant),
      judges: new JudgePool(options.allows, { deadlineMs: limits.judgeMs }),
      upstream: new Upstream(options),
    };
  }

  /** Listens on a free port of 127.0.0.1. It does not keep the process alive by itself. */
  static async start(options: ModelProxyOptions): Promise<ModelProxy> {
    const proxy = new ModelProxy(options);
    const server = await proxy.#listen({ port: 0, host: '127.0.0.1' });
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
    const server = await this.#listen({ path: socketPath });
    return () => this.#close(server);
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
    await Promise.all([...this.#servers].map((server) => this.#close(server)));
    this.#caller.judges.close();
    this.#caller.upstream.close();
  }

  async #listen(where: ListenOptions): Promise<Server> {
    const onError = (error: unknown): void => this.#options.onError?.(error);
    const handle = (exchange: Exchange): void => {
      this.#handle(exchange).catch((error: unknown) => {
        exchange.response.destroy();
        onError(error);
      });
    };
    const server = await openServer(where, this.#limits, { handle, onError });
    this.#servers.add(server);
    return server;
  }

  async #close(server: Server): Promise<void> {
    if (this.#servers.delete(server)) await closeServer(server);
  }

  async #handle({ request, response, use }: Exchange): Promise<void> {
    const target = parseTarget(request.url ?? '');
    const grant = target && this.#grantOf(target.token);
    if (!grant) {
      // Nothing is told to who has no grant, and nothing is read from them.
      response.writeHead(404, { Connection: 'close' }).end();
      return;
    }
    use();
    const { protocol, allows, onError } = this.#options;
    const call = parseModelCall(protocol, { method: request.method ?? '', target, allows });
    if (!call) {
      const message = 'This proxy lets only calls of the configured models through';
      refuse(response, protocol, { refusal: 'forbidden', message });
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, grant.closed]);
    grant.closed.addEventListener('abort', () => response.destroy(), { once: true, signal: gone.signal });
    const end = this.#requests.tryTake(grant, 1);
    if (!end) {
      refuse(response, protocol, { refusal: 'too_many', message: 'Too many requests at once' });
      return;
    }
    try {
      const refusal = await answerCall(this.#caller, { call, grant, request, response, signal });
      if (refusal) refuse(response, protocol, refusal);
    } catch (error) {
      if (signal.aborted) {
        response.destroy();
        return;
      }
      const failure = asFailure(error);
      grant.failure = failure;
      onError?.(failure);
      refuse(response, protocol, {
        refusal: REFUSALS[failure.code] ?? 'unavailable',
        message: failure.message,
      });
    } finally {
      end();
    }
  }

  /** Asks every grant, so that the time it takes tells nothing about which one came close. */
  #grantOf(token: string): OpenGrant | undefined {
    let found: OpenGrant | undefined;
    for (const grant of this.#grants) if (grant.isOpenedBy(token)) found = grant;
    return found;
  }
}

/** As the CLI is told, which tries none of these again. */
const REFUSALS: Partial<Record<WireErrorCode, Refusal['refusal']>> = {
  model_keys: 'unauthorised',
  model_no_access: 'unauthorised',
  model_quota: 'used_up',
};

function asFailure(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  return new AgentError('model_unavailable', 'The connection to the model broke off', { cause: error });
}

// a call without credentials → signed or with its key → the provider → its response, as soon as the headers are here
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { AgentError } from '../../errors.ts';
import { authoriseCall, type UpstreamCall } from '../credentials/authorise-call.ts';
import type { ModelCredential, ModelCredentials } from '../credentials/model-credentials.ts';
import { errorTypeOf, refusesKeys } from '../calls/provider-failure.ts';
import type { SentBody } from '../body/sent-body.ts';
import { type Agents, openAgents, type ProxyVariables } from './upstream-agents.ts';

export interface UpstreamOptions {
  /** Where the provider's API begins; its path is kept. */
  readonly baseUrl: string;
  readonly region: string;
  readonly credentials: ModelCredentials;
  readonly proxies?: ProxyVariables;
  readonly connectTimeoutMs?: number;
  /** How long nothing may come; the CLI's own watchdogs are faster. */
  readonly idleTimeoutMs?: number;
}

export interface PostedCall {
  /** Below the base URL, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: SentBody;
  /** Ends the call and its response at once. */
  readonly signal: AbortSignal;
}

interface SignedCall extends UpstreamCall {
  readonly body: SentBody;
}

const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 150_000;

/** The model provider, and the one place that knows what opens it. */
export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #agents: Agents;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#agents = openAgents(options.proxies);
  }

  /**
   * POSTs a call. When the provider refuses the credential, it is read anew once, and if it changed, the call is repeated.
   * @returns the provider's response, whatever its status, its body unread
   * @throws AgentError `model_unavailable` when there is no answer, `model_keys` when there is no credential, or AWS knows ours no longer
   */
  async post({ path, headers, body, signal }: PostedCall): Promise<IncomingMessage> {
    const { baseUrl, credentials } = this.#options;
    const url = new URL(baseUrl.replace(/\/+$/, '') + path);
    const call: SignedCall = { url, headers, body, sha256: body.sha256 };
    const credential = await credentialFrom(() => credentials.get());
    const response = await this.#send(call, credential, signal);
    if (!refusesCredential(response, credential)) return response;
    const renewed = await credentialFrom(() => credentials.refresh()).catch((error: unknown) => {
      response.destroy();
      throw error;
    });
    if (JSON.stringify(renewed) === JSON.stringify(credential)) return withoutSecrets(response, credential);
    response.resume();
    return withoutSecrets(await this.#send(call, renewed, signal), renewed);
  }

  /** Closes idle connections. */
  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  async #send(call: SignedCall, credential: ModelCredential, signal: AbortSignal): Promise<IncomingMessage> {
    const headers = await authoriseCall(call, credential, this.#options.region);
    try {
      return await this.#exchange(call, headers, signal).catch((error: unknown) => {
        if (error instanceof StaleConnectionError) return this.#exchange(call, headers, signal);
        throw error;
      });
    } catch (error) {
      throw new AgentError('model_unavailable', 'The model could not be reached', { cause: error });
    }
  }

  #exchange(
    { url, body }: SignedCall,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { connectTimeoutMs = CONNECT_TIMEOUT_MS, idleTimeoutMs = IDLE_TIMEOUT_MS } = this.#options;
    const isTls = url.protocol === 'https:';
    const request = (isTls ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(body.bytes.length) },
      agent: isTls ? this.#agents.https : this.#agents.http,
      signal,
      timeout: idleTimeoutMs,
    });
    const connecting = setTimeout(
      () => request.destroy(new Error(`No connection within ${connectTimeoutMs} ms`)),
      connectTimeoutMs,
    );
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    request.once('socket', (socket) => {
      if (socket.connecting) socket.once(isTls ? 'secureConnect' : 'connect', () => clearTimeout(connecting));
      else clearTimeout(connecting);
    });
    request.once('timeout', () => request.destroy(new Error(`Nothing came for ${idleTimeoutMs} ms`)));
    request.once('response', resolve);
    request.once('close', () => {
      clearTimeout(connecting);
      // Node closes a request whose answer wants another protocol, and calls that no error.
      reject(new Error('The connection was closed without an answer'));
    });
    // Stays: a request that is destroyed while its response is read says so once more.
    request.on('error', (error) => reject(isStale(request, error) ? new StaleConnectionError(error) : error));
    request.end(body.bytes);
    return promise;
  }
}

/** A kept connection that the other side had already given up, as after a machine's pause: nothing was taken from it. */
class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';

  constructor(cause: Error) {
    super('A kept connection had been closed', { cause });
  }
}

function isStale(request: { reusedSocket: boolean }, error: Error): boolean {
  return request.reusedSocket && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

async function credentialFrom(read: () => Promise<ModelCredential>): Promise<ModelCredential> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && 'retryable' in error && error.retryable === true) {
      throw new AgentError('model_unavailable', 'The credentials of the model cannot be read now', {
        cause: error,
      });
    }
    throw new AgentError('model_keys', 'The credentials of the model could not be had', { cause: error });
  }
}

/**
 * AWS explains a signature that does not match by the whole request as it was to be signed, the session's token in it
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html).
 * @throws AgentError `model_keys` instead
 */
function withoutSecrets(response: IncomingMessage, credential: ModelCredential): IncomingMessage {
  if (credential.kind !== 'aws-keys' || !refusesCredential(response, credential)) return response;
  response.destroy();
  const cause = new Error(`AWS answered ${response.statusCode} ${errorTypeOf(response)}`);
  throw new AgentError('model_keys', 'AWS refuses the keys: they are wrong or have expired', { cause });
}

/** A key of the other kinds has no name for being wrong that could be told from other refusals. */
function refusesCredential(response: IncomingMessage, { kind }: ModelCredential): boolean {
  const { statusCode } = response;
  if (kind !== 'aws-keys') return statusCode === 401 || statusCode === 403;
  return refusesKeys(response);
}

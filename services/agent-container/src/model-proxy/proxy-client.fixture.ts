import { once } from 'node:events';
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { onTestFinished } from 'vitest';
import {
  FixedModelCredentials,
  type ModelCredential,
  type ModelCredentials,
} from './credentials/model-credentials.ts';
import type { ModelGrant } from './calls/model-grant.ts';
import { modelPolicy } from './calls/model-policy.ts';
import { ModelProxy, type ModelProxyOptions } from './model-proxy.ts';

export const MODEL = 'us.anthropic.claude-sonnet-5-5';
export const REGION = 'eu-west-1';
export const KEYS = { accessKeyId: 'AKIAFIRST', secretAccessKey: 'first+secret/key' };
export const STREAM = `/model/${MODEL}/invoke-with-response-stream`;
export const INVOKE = `/model/${MODEL}/invoke`;

/** A body that asks for a message, of 42 bytes. */
export const ASKING = '{"messages":[],"max_tokens":5,"system":"x"}';

/** A proxy to Bedrock at `baseUrl`, closed with the test. */
export async function startProxy(
  baseUrl: string,
  options: Partial<ModelProxyOptions> = {},
): Promise<ModelProxy> {
  const proxy = await ModelProxy.start({
    protocol: 'bedrock',
    region: REGION,
    baseUrl,
    credentials: new FixedModelCredentials({ kind: 'aws-keys', ...KEYS }),
    allows: modelPolicy({ opus: MODEL, sonnet: MODEL, haiku: MODEL }),
    ...options,
  });
  onTestFinished(() => proxy.close());
  return proxy;
}

/** Credentials that are replaced while they are in use. */
export class RotatingCredentials implements ModelCredentials {
  stored: ModelCredential;
  refreshes = 0;
  #cached: ModelCredential;

  constructor(credential: ModelCredential) {
    this.stored = credential;
    this.#cached = credential;
  }

  get(): Promise<ModelCredential> {
    return Promise.resolve(this.#cached);
  }

  refresh(): Promise<ModelCredential> {
    this.refreshes += 1;
    this.#cached = this.stored;
    return this.get();
  }
}

/** What a CLI would do, one step at a time. */
export interface Call {
  readonly request: ClientRequest;
  readonly response: Promise<IncomingMessage>;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface CallOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  readonly socketPath?: string;
}

export function begin(
  proxy: ModelProxy,
  target: string,
  { method = 'POST', headers = {}, body = ASKING, socketPath }: CallOptions = {},
): Call {
  const { hostname, port } = new URL(proxy.url);
  const where = socketPath === undefined ? { hostname, port } : { socketPath };
  // Given apart from a URL, the target is sent as it is.
  const sent = request({ ...where, path: target, method, headers, agent: false });
  const response = once(sent, 'response').then(([message]) => message as IncomingMessage);
  // Whoever cuts the connection does not wait for it.
  response.catch(() => undefined);
  sent.on('error', () => undefined).end(body);
  return { request: sent, response };
}

export async function call(
  proxy: ModelProxy,
  grant: Pick<ModelGrant, 'token'>,
  { path, ...options }: CallOptions & { readonly path: string },
): Promise<Answer> {
  const response = await begin(proxy, `/${grant.token}${path}`, options).response;
  const chunks = (await response.toArray()) as Buffer[];
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: Buffer.concat(chunks).toString('utf8'),
  };
}

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

/** `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in either case, as Node's agents take them. */
export type ProxyVariables = Readonly<Record<string, string>>;

/** Connections to the model, kept between calls. */
export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** @returns agents that go through the HTTP proxies named, or through none. */
export function openAgents(proxies: ProxyVariables = {}): Agents {
  const options = { keepAlive: true, proxyEnv: proxies };
  return { http: new HttpAgent(options), https: new HttpsAgent(options) };
}

import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Agent } from 'node:https';
import type { ModelCredential, ModelCredentials } from './model-credentials.ts';

/** Variables that name HTTP proxies, as Node's agents take them. */
type ProxyVariables = Readonly<Record<string, string>>;

/** The AWS SDK's standard chain: environment, profile, SSO, web identity, container, instance. It caches until shortly before they expire. */
export class AwsChainModelCredentials implements ModelCredentials {
  readonly #chain: ReturnType<typeof defaultProvider>;

  constructor(proxies: ProxyVariables = {}) {
    const requestHandler = { httpsAgent: new Agent({ keepAlive: true, proxyEnv: proxies }) };
    this.#chain = defaultProvider({ clientConfig: { requestHandler } });
  }

  /** @throws CredentialsProviderError when nothing along the chain has any */
  get(): Promise<ModelCredential> {
    return this.#read(false);
  }

  refresh(): Promise<ModelCredential> {
    return this.#read(true);
  }

  async #read(forceRefresh: boolean): Promise<ModelCredential> {
    const { accessKeyId, secretAccessKey, sessionToken } = await this.#chain({ forceRefresh });
    return {
      kind: 'aws-keys',
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    };
  }
}

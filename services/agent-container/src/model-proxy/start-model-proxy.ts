// the configuration → which provider, opened by what, for which models → a running proxy
import type { Secrets } from '@omnicloud/secrets';
import type { ModelConfig } from '../model-config.ts';
import type { BedrockCredentials } from '../model-access.ts';
import { AwsChainModelCredentials } from './credentials/aws-chain-model-credentials.ts';
import { FixedModelCredentials, type ModelCredentials } from './credentials/model-credentials.ts';
import { modelPolicy } from './calls/model-policy.ts';
import { ModelProxy, type ModelProxyOptions } from './model-proxy.ts';
import { SecretsModelCredentials } from './credentials/secrets-model-credentials.ts';

export interface StartOptions {
  /** Needed when the credentials are in a secret. */
  readonly secrets?: Secrets;
  /** Further models, by id: those that the image's settings name. */
  readonly models?: readonly string[];
  readonly isWebSearchOn?: boolean;
  readonly onError?: (error: unknown) => void;
}

/** @throws Error when the credentials are in a secret and `secrets` is not given. */
export function startModelProxy(
  config: ModelConfig,
  { secrets, models = [], ...options }: StartOptions = {},
): Promise<ModelProxy> {
  return ModelProxy.start({
    ...options,
    ...providerOf(config, secrets),
    allows: modelPolicy(config.models, [config.model, ...models]),
    proxies: config.proxies,
  });
}

type Provider = Pick<ModelProxyOptions, 'protocol' | 'baseUrl' | 'region' | 'credentials'>;

function providerOf({ access, proxies }: ModelConfig, secrets: Secrets | undefined): Provider {
  if (access.kind === 'anthropic') {
    return {
      protocol: 'anthropic',
      baseUrl: access.baseUrl ?? 'https://api.anthropic.com',
      region: '',
      credentials: anthropicCredentials(access.credentials, secrets),
    };
  }
  return {
    protocol: 'bedrock',
    baseUrl: access.baseUrl ?? bedrockUrl(access.region),
    region: access.region,
    credentials: bedrockCredentials(access.credentials, proxies, secrets),
  };
}

function anthropicCredentials(
  given: { apiKey: string } | { secret: string },
  secrets: Secrets | undefined,
): ModelCredentials {
  if ('apiKey' in given) return new FixedModelCredentials({ kind: 'anthropic-key', apiKey: given.apiKey });
  return secretCredentials('ANTHROPIC_SECRET_ARN', given.secret, secrets);
}

/** https://docs.aws.amazon.com/general/latest/gr/bedrock.html */
function bedrockUrl(region: string): string {
  return `https://bedrock-runtime.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

function bedrockCredentials(
  given: BedrockCredentials,
  proxies: ModelConfig['proxies'],
  secrets: Secrets | undefined,
): ModelCredentials {
  if (given === 'none') return new FixedModelCredentials({ kind: 'none' });
  if (given === 'chain') return new AwsChainModelCredentials(proxies);
  if ('apiKey' in given) return new FixedModelCredentials({ kind: 'bearer', token: given.apiKey });
  if ('accessKeyId' in given) return new FixedModelCredentials({ kind: 'aws-keys', ...given });
  return secretCredentials('BEDROCK_SECRET_ARN', given.secret, secrets);
}

function secretCredentials(
  setting: 'ANTHROPIC_SECRET_ARN' | 'BEDROCK_SECRET_ARN',
  name: string,
  secrets: Secrets | undefined,
): ModelCredentials {
  if (!secrets) throw new Error(`${setting} names a secret, but nothing reads secrets here`);
  return new SecretsModelCredentials(
    secrets,
    name,
    setting === 'BEDROCK_SECRET_ARN' ? 'bedrock' : 'anthropic',
  );
}

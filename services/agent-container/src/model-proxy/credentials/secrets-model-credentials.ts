import { SecretError, type Secrets } from '@omnicloud/secrets';
import { z } from 'zod';
import type { ModelCredential, ModelCredentials } from './model-credentials.ts';

const text = z.string().trim().min(1);
type Provider = 'bedrock' | 'anthropic';

/** What each provider's secret may hold, under the names that the providers give the variables. */
const CREDENTIALS: Record<Provider, z.ZodType<ModelCredential>> = {
  bedrock: z.union([
    z
      .object({
        AWS_ACCESS_KEY_ID: text,
        AWS_SECRET_ACCESS_KEY: text,
        AWS_SESSION_TOKEN: text.optional(),
      })
      .transform((stored) => ({
        kind: 'aws-keys' as const,
        accessKeyId: stored.AWS_ACCESS_KEY_ID,
        secretAccessKey: stored.AWS_SECRET_ACCESS_KEY,
        ...(stored.AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: stored.AWS_SESSION_TOKEN }),
      })),
    z
      .object({ AWS_BEARER_TOKEN_BEDROCK: text })
      .transform((stored) => ({ kind: 'bearer' as const, token: stored.AWS_BEARER_TOKEN_BEDROCK })),
  ]),
  anthropic: z
    .object({ ANTHROPIC_API_KEY: text })
    .transform((stored) => ({ kind: 'anthropic-key' as const, apiKey: stored.ANTHROPIC_API_KEY })),
};

const EXPECTED: Record<Provider, string> = {
  bedrock:
    'must be a JSON object with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK',
  anthropic: 'must be a JSON object with ANTHROPIC_API_KEY',
};

/** Another account's keys, its Bedrock API key or a key of Anthropic, from one secret that holds a JSON object. */
export class SecretsModelCredentials implements ModelCredentials {
  readonly #secrets: Secrets;
  readonly #name: string;
  readonly #provider: Provider;

  /** @param name the secret's name or ARN, without `#key`: both halves of a pair must be of the same version */
  constructor(secrets: Secrets, name: string, provider: Provider) {
    this.#secrets = secrets;
    this.#name = name;
    this.#provider = provider;
  }

  /** @throws SecretError */
  async get(): Promise<ModelCredential> {
    return this.#parse(await this.#secrets.get(this.#name));
  }

  /** @throws SecretError */
  async refresh(): Promise<ModelCredential> {
    return this.#parse(await this.#secrets.refresh(this.#name));
  }

  #parse(stored: string): ModelCredential {
    const parsed = CREDENTIALS[this.#provider].safeParse(parseJson(stored));
    if (parsed.success) return parsed.data;
    // Without the cause, which would quote the secret.
    throw new SecretError('secret_malformed', this.#name, { problem: EXPECTED[this.#provider] });
  }
}

function parseJson(stored: string): unknown {
  try {
    return JSON.parse(stored);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

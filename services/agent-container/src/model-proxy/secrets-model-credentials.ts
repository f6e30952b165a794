import { SecretError, type Secrets } from '@omnicloud/secrets';
import { z } from 'zod';
import type { ModelCredential, ModelCredentials } from './model-credentials.ts';

const text = z.string().trim().min(1);
const storedSchema = z.union([
  z.object({
    AWS_ACCESS_KEY_ID: text,
    AWS_SECRET_ACCESS_KEY: text,
    AWS_SESSION_TOKEN: text.optional(),
  }),
  z.object({ AWS_BEARER_TOKEN_BEDROCK: text }),
]);

/** Another account's keys, or its Bedrock API key, from one secret: a JSON object under the names that AWS gives the variables. */
export class SecretsModelCredentials implements ModelCredentials {
  readonly #secrets: Secrets;
  readonly #name: string;

  /** @param name the secret's name or ARN, without `#key`: both halves of a pair must be of the same version */
  constructor(secrets: Secrets, name: string) {
    this.#secrets = secrets;
    this.#name = name;
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
    const parsed = storedSchema.safeParse(parseJson(stored));
    if (!parsed.success) {
      const problem =
        'must be a JSON object with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK';
      // Without the cause, which would quote the secret.
      throw new SecretError('secret_malformed', this.#name, problem);
    }
    const { data } = parsed;
    if ('AWS_BEARER_TOKEN_BEDROCK' in data) return { kind: 'bearer', token: data.AWS_BEARER_TOKEN_BEDROCK };
    return {
      kind: 'aws-keys',
      accessKeyId: data.AWS_ACCESS_KEY_ID,
      secretAccessKey: data.AWS_SECRET_ACCESS_KEY,
      ...(data.AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: data.AWS_SESSION_TOKEN }),
    };
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

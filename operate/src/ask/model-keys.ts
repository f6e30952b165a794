import { z } from 'zod';

const text = z.string().trim().min(1);
const schema = z.union([
  z.strictObject({
    AWS_ACCESS_KEY_ID: text,
    AWS_SECRET_ACCESS_KEY: text,
    AWS_SESSION_TOKEN: text.optional(),
  }),
  z.strictObject({ AWS_BEARER_TOKEN_BEDROCK: text }),
  z.strictObject({ ANTHROPIC_API_KEY: text }),
]);

export type Provider = 'bedrock' | 'anthropic';

/** What opens the model, under the names that AWS and Anthropic give the variables: so it is kept in its secret. */
export type ModelKeys = z.output<typeof schema>;

export function providerOf(keys: ModelKeys): Provider {
  return 'ANTHROPIC_API_KEY' in keys ? 'anthropic' : 'bedrock';
}

/** @returns the keys of a secret; undefined when it holds anything else. */
export function parseModelKeys(stored: string): ModelKeys | undefined {
  try {
    return schema.safeParse(JSON.parse(stored)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Access keys of a person begin with the one, temporary ones with the other: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
export function isAccessKeyId(key: string): boolean {
  return /^(AKIA|ASIA)[A-Z0-9]{12,124}$/.test(key);
}

/** Those that last begin with the one, those for hours with the other: https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html */
export function isApiKey(key: string): boolean {
  return /^(ABSK|bedrock-api-key-)/.test(key);
}

/** https://platform.claude.com/docs/en/api/overview */
export function isAnthropicKey(key: string): boolean {
  return key.startsWith('sk-ant-');
}

export function isTemporary(accessKeyId: string): boolean {
  return accessKeyId.startsWith('ASIA');
}

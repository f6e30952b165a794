import { z } from 'zod';

const text = z.string().trim().min(1);
const schema = z.union([
  z.strictObject({
    AWS_ACCESS_KEY_ID: text,
    AWS_SECRET_ACCESS_KEY: text,
    AWS_SESSION_TOKEN: text.optional(),
  }),
  z.strictObject({ AWS_BEARER_TOKEN_BEDROCK: text }),
]);

/** What opens Bedrock, under the names that AWS gives the variables: so it is kept in its secret. */
export type BedrockKeys = z.output<typeof schema>;

/** @returns the keys of a secret; undefined when it holds anything else. */
export function parseBedrockKeys(stored: string): BedrockKeys | undefined {
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

export function isTemporary(accessKeyId: string): boolean {
  return accessKeyId.startsWith('ASIA');
}

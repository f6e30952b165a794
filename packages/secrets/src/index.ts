export { FixedSecrets } from './fixed-secrets.ts';
export { SecretError, type SecretErrorCode } from './secret-error.ts';
export { openSecretsManager } from './secrets-manager-client.ts';
export { SecretsManagerSecrets, type SecretsManagerSecretsOptions } from './secrets-manager-secrets.ts';
export type { Secrets } from './secrets.ts';

import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Secrets } from './secrets.ts';
import { SecretsManagerSecrets } from './secrets-manager-secrets.ts';

/** Nobody waits long for a password: the one who needs it is itself being waited for. In ms. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/** @returns the secrets of the region and the account that the AWS SDK finds by itself. */
export function openSecretsManager(): Secrets {
  return new SecretsManagerSecrets({ client: new SecretsManagerClient({ requestHandler: TIMEOUTS }) });
}

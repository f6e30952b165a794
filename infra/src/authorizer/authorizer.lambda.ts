import { openSecretsManager } from '@omnicloud/secrets';
import { createAuthorizer } from './authorize.ts';
import { parseAuthorizerConfig } from './config.ts';

/** The authorizer of the agent API as Lambda runs it. */
export const handler = createAuthorizer({ ...parseAuthorizerConfig(), secrets: openSecretsManager() });

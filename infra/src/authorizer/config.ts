import { readSettings } from '@omnicloud/settings';
import { z } from 'zod';

const environmentSchema = z.object({
  SERVICE_TOKEN_SECRET_ARN: z.string({ error: 'is required' }).startsWith('arn:', 'must be an ARN'),
});

/** @throws ConfigError naming every variable that is wrong or missing. */
export function parseAuthorizerConfig(environment: NodeJS.ProcessEnv = process.env): { tokenSecret: string } {
  return { tokenSecret: readSettings(environmentSchema, environment).SERVICE_TOKEN_SECRET_ARN };
}

import { join } from 'node:path';
import { authTokenSetting, hostSetting, portSetting, readParts } from '@omnicloud/settings';
import { z } from 'zod';
import type { AgentConfig } from './config.ts';
import { modelSchema } from './model-config.ts';
import { runSchema } from './run-config.ts';
import { DEFAULT_AGENT_FOLDER } from './run/agent-image.ts';

/** Where everything is kept that outlives the process. */
export type StoresConfig =
  | {
      kind: 'aws';
      bucket: string;
      table: string;
      /** Whether the AWS SDK is pointed at another server. */
      hasOtherEndpoint: boolean;
    }
  | { kind: 'embedded'; directory: string };

/** The agent server as a program of its own, wherever its image runs. */
export interface ContainerConfig {
  readonly agent: AgentConfig;
  readonly stores: StoresConfig;
  /** The bearer token that callers must show, or the secret that holds it and is read with each request. */
  readonly token: { readonly value: string } | { readonly secret: string };
  /** Sessions are laid out below this directory; it may be lost at any time. */
  readonly workRoot: string;
  /** The image's `agent/` folder. */
  readonly agentFolder: string;
  /** Whose pages may use the API from a browser. */
  readonly corsOrigins: readonly string[];
  /** The `service` of log lines: tells one deployment's from another's. */
  readonly service: string;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

const containerSchema = z
  .object({
    SESSION_BUCKET: z.string().optional(),
    SESSION_TABLE: z.string().optional(),
    DATA_DIR: z.string().optional(),
    AWS_ENDPOINT_URL: z.string().optional(),
    AWS_ENDPOINT_URL_S3: z.string().optional(),
    SERVICE_TOKEN_SECRET_ARN: z.string().optional(),
    SDK_CLIENT_AUTH_TOKEN: authTokenSetting,
    WORK_ROOT: z.string().default(join('/tmp', 'omnicloud')),
    AGENT_FOLDER: z.string().default(DEFAULT_AGENT_FOLDER),
    CORS_ORIGINS: z
      .string()
      .regex(/^https?:\/\/[^\s,/]+(\s*,\s*https?:\/\/[^\s,/]+)*$/, 'must be origins separated by commas')
      .default(''),
    POWERTOOLS_SERVICE_NAME: z.string().default('omnicloud'),
    HOST: hostSetting,
    PORT: portSetting(8080),
  })
  .superRefine(
    (env, context) => {
      const problem = (name: string, message: string): void => {
        context.addIssue({ code: 'custom', path: [name], message });
      };
      if (env.SESSION_BUCKET === undefined && env.DATA_DIR === undefined) {
        problem('SESSION_BUCKET', 'is required, unless DATA_DIR names a directory that is kept');
      }
      if (env.SESSION_BUCKET !== undefined && env.DATA_DIR !== undefined) {
        problem('DATA_DIR', 'cannot be set together with SESSION_BUCKET');
      }
      if (env.SESSION_BUCKET !== undefined && env.SESSION_TABLE === undefined) {
        problem('SESSION_TABLE', 'is required with SESSION_BUCKET');
      }
      if (env.SERVICE_TOKEN_SECRET_ARN === undefined && env.SDK_CLIENT_AUTH_TOKEN === undefined) {
        problem('SERVICE_TOKEN_SECRET_ARN', 'is required, unless SDK_CLIENT_AUTH_TOKEN is set');
      }
      if (env.SERVICE_TOKEN_SECRET_ARN !== undefined && env.SDK_CLIENT_AUTH_TOKEN !== undefined) {
        problem('SDK_CLIENT_AUTH_TOKEN', 'cannot be set together with SERVICE_TOKEN_SECRET_ARN');
      }
    },
    { when: () => true },
  );

type Environment = z.infer<typeof containerSchema>;

/**
 * In a function, `AWS_REGION` never says where the model is: the platform sets it to the function's own region.
 * @throws ConfigError naming every variable that is wrong or missing.
 */
export function parseAgentEnvironment(environment: NodeJS.ProcessEnv = process.env): ContainerConfig {
  const isFunction = environment.AWS_LAMBDA_FUNCTION_NAME !== undefined;
  const {
    container: env,
    run,
    model,
  } = readParts(
    { container: containerSchema, run: runSchema, model: modelSchema },
    isFunction ? { ...environment, AWS_REGION: undefined } : environment,
  );
  return {
    agent: { ...run, ...model },
    stores: storesOf(env),
    token: tokenOf(env),
    workRoot: env.WORK_ROOT,
    agentFolder: env.AGENT_FOLDER,
    corsOrigins: env.CORS_ORIGINS.split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ''),
    service: env.POWERTOOLS_SERVICE_NAME,
    host: env.HOST,
    port: env.PORT,
  };
}

function storesOf(env: Environment): StoresConfig {
  const { SESSION_BUCKET: bucket, SESSION_TABLE: table, DATA_DIR: directory } = env;
  if (bucket !== undefined && table !== undefined) {
    const hasOtherEndpoint = (env.AWS_ENDPOINT_URL ?? env.AWS_ENDPOINT_URL_S3) !== undefined;
    return { kind: 'aws', bucket, table, hasOtherEndpoint };
  }
  if (directory !== undefined) return { kind: 'embedded', directory };
  throw new Error('The schema lets no environment through that names no store');
}

function tokenOf({
  SERVICE_TOKEN_SECRET_ARN: secret,
  SDK_CLIENT_AUTH_TOKEN: value,
}: Environment): ContainerConfig['token'] {
  if (secret !== undefined) return { secret };
  if (value !== undefined) return { value };
  throw new Error('The schema lets no environment through that names no token');
}

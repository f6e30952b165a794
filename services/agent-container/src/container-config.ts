import { join } from 'node:path';
import { ConfigError, readSettings } from '@omnicloud/settings';
import { z } from 'zod';
import { type AgentConfig, parseAgentConfig } from './config.ts';
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
  /** The secret that holds the token which callers must show; undefined: the token is the agent's `authToken`. */
  readonly serviceTokenSecret: string | undefined;
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
    SERVICE_TOKEN_SECRET_ARN: z.string().optional(),
    SDK_CLIENT_AUTH_TOKEN: z.string().optional(),
    WORK_ROOT: z.string().default(join('/tmp', 'omnicloud')),
    AGENT_FOLDER: z.string().default(DEFAULT_AGENT_FOLDER),
    CORS_ORIGINS: z
      .string()
      .regex(/^https?:\/\/[^\s,/]+(\s*,\s*https?:\/\/[^\s,/]+)*$/, 'must be origins separated by commas')
      .default(''),
    POWERTOOLS_SERVICE_NAME: z.string().default('omnicloud'),
    HOST: z.string().default('127.0.0.1'),
    PORT: z
      .string()
      .regex(/^\d{1,5}$/, 'must be a port number')
      .transform(Number)
      .pipe(z.int().max(65_535, 'must be a port number'))
      .default(8080),
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

/** Stands for a token that is read from its secret with each request. */
const READ_LATER = 'read-from-its-secret-when-it-is-needed';

/**
 * In a function, `AWS_REGION` never says where the model is: the platform sets it to the function's own region.
 * @throws ConfigError naming every variable that is wrong or missing.
 */
export function parseAgentEnvironment(environment: NodeJS.ProcessEnv = process.env): ContainerConfig {
  const container = attempt(() => readSettings(containerSchema, environment));
  const agent = attempt(() =>
    parseAgentConfig({
      ...environment,
      AWS_REGION: environment.AWS_LAMBDA_FUNCTION_NAME === undefined ? environment.AWS_REGION : undefined,
      SDK_CLIENT_AUTH_TOKEN: orElse(environment.SDK_CLIENT_AUTH_TOKEN, READ_LATER),
    }),
  );
  if (!container.ok || !agent.ok) throw new ConfigError([...problemsOf(container), ...problemsOf(agent)]);
  const env = container.value;
  return {
    agent: agent.value,
    stores: storesOf(env, environment),
    serviceTokenSecret: env.SERVICE_TOKEN_SECRET_ARN,
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

function storesOf(env: Environment, environment: NodeJS.ProcessEnv): StoresConfig {
  const { SESSION_BUCKET: bucket, SESSION_TABLE: table, DATA_DIR: directory } = env;
  if (bucket !== undefined && table !== undefined) {
    const { AWS_ENDPOINT_URL: endpoint, AWS_ENDPOINT_URL_S3: s3Endpoint } = environment;
    return { kind: 'aws', bucket, table, hasOtherEndpoint: Boolean(endpoint ?? s3Endpoint) };
  }
  return { kind: 'embedded', directory: directory ?? '' };
}

/** A variable set to nothing is not set. */
function orElse(value: string | undefined, otherwise: string): string {
  return value === undefined || value.trim() === '' ? otherwise : value;
}

type Attempt<T> = { ok: true; value: T } | { ok: false; problems: readonly string[] };

function attempt<T>(parse: () => T): Attempt<T> {
  try {
    return { ok: true, value: parse() };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ok: false, problems: error.problems };
  }
}

function problemsOf(attempted: Attempt<unknown>): readonly string[] {
  return attempted.ok ? [] : attempted.problems;
}

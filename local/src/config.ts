import { resolve } from 'node:path';
import { type AgentConfig, parseAgentConfig } from '@omnicloud/agent-container';
import { type ClientConfig, parseClientConfig } from '@omnicloud/sdk-client';
import { checkNames, ConfigError, type EnvFile, readSettings } from '@omnicloud/settings';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { isLoopback } from './is-loopback.ts';
import { parallelTurnsFor, thisMachine } from './parallel-turns.ts';

export interface AwsQueueConfig {
  readonly queueUrl: string;
  /** For commands that touch no session; without it they wait among the turns. */
  readonly asideQueueUrl?: string | undefined;
  /** Undefined: the queue's own redrive policy names it. */
  readonly deadLetterQueueUrl: string | undefined;
}

/** The names of what `STORE=aws` uses. */
export interface AwsStoreConfig extends AwsQueueConfig {
  readonly bucket: string;
  readonly table: string;
  /** Whether the AWS SDK is pointed at another server. */
  readonly hasOtherEndpoint: boolean;
}

export interface LocalConfig {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Undefined: the page needs none. */
  readonly pagePassword: string | undefined;
  readonly dataDir: string;
  /** Undefined: the embedded stores, below `dataDir`. */
  readonly aws: AwsStoreConfig | undefined;
  /** Undefined: the agent server is part of this process. */
  readonly agentServerUrl: string | undefined;
  /** Undefined: the Telegram stand-in with its chat page. */
  readonly telegram: ClientConfig | undefined;
  /** Undefined: the demo model. */
  readonly agent: AgentConfig | undefined;
  readonly isShellOn: boolean;
  readonly shell: Pick<
    AgentConfig,
    'isShellOn' | 'isShellUnconfined' | 'isNetworkOn' | 'runLimits' | 'diskLimits'
  >;
  /** How often an agent that reached its time limit may go on. */
  readonly maxContinuations: number | undefined;
  /** How many turns run side by side. */
  readonly maxParallelTurns: number;
  readonly authToken: string;
  /** What whoever set this up should know. */
  readonly notices: readonly string[];
}

const authTokenSchema = z.string().min(16, 'must have at least 16 characters').optional();

const localSchema = z.object({
  STORE: z.enum(['embedded', 'aws'], 'must be embedded or aws').default('embedded'),
  HOST: z.string().default('127.0.0.1'),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number')
    .transform(Number)
    .pipe(z.int().max(65_535, 'must be a port number'))
    .default(8787),
  PAGE_PASSWORD: z
    .string()
    .min(12, 'must have at least 12 characters')
    .max(256, 'must have at most 256 characters')
    .optional(),
  DATA_DIR: z.string().default('.data'),
  AGENT_SERVER_URL: z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).optional(),
  MAX_CONTINUATIONS: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(0, 'must be at least 0')
    .max(100, 'must be at most 100')
    .optional(),
  MAX_PARALLEL_TURNS: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(1_000, 'must be at most 1000')
    .optional(),
  AGENT_SHELL: z.enum(['on', 'off', 'unconfined'], 'must be on, off or unconfined').default('off'),
  SDK_CLIENT_AUTH_TOKEN: authTokenSchema,
  AGENT_SERVER_AUTH_TOKEN: authTokenSchema,
});

const awsSchema = z.object({
  SESSION_BUCKET: z.string({ error: 'is required with STORE=aws' }),
  SESSION_TABLE: z.string({ error: 'is required with STORE=aws' }),
  QUEUE_URL: z.url({
    protocol: /^https?$/,
    error: 'is required with STORE=aws, and must be the URL of a FIFO queue',
  }),
  ASIDE_QUEUE_URL: z.url({ protocol: /^https?$/, error: 'must be the URL of a FIFO queue' }).optional(),
  DEAD_LETTER_QUEUE_URL: z.url({ protocol: /^https?$/, error: 'must be the URL of a FIFO queue' }).optional(),
});

/** Any of these says that the real Telegram is meant, so that a forgotten token is a mistake and not a demo. */
const TELEGRAM_SETTINGS = [
  'TELEGRAM_BOT_TOKEN',
  'ALLOWED_USERS',
  'TELEGRAM_MODE',
  'TELEGRAM_WEBHOOK_URL',
  'TELEGRAM_WEBHOOK_SECRET',
  'TELEGRAM_API_ROOT',
];
/** And any of these, a real model. `CLAUDE_CODE_USE_BEDROCK=0` is how one says no. */
const MODEL_SETTINGS = [
  'CLAUDE_CODE_USE_BEDROCK',
  'BEDROCK_ACCESS_KEY_ID',
  'BEDROCK_SECRET_ACCESS_KEY',
  'BEDROCK_API_KEY',
  'BEDROCK_SECRET_ARN',
  'ANTHROPIC_BEDROCK_BASE_URL',
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_SECRET_ARN',
];

/** The token between the tiers has a name at either of them. */
const AUTH_TOKEN_SETTINGS = ['SDK_CLIENT_AUTH_TOKEN', 'AGENT_SERVER_AUTH_TOKEN'] as const;

/** Stands for the demo model's address, which is known only once it listens. */
const ANY_URL = 'http://127.0.0.1';

/**
 * @param file what `.env` holds, as `readEnvFile` returns it: names in it that are mistyped are mistakes too.
 * @throws ConfigError naming the wrong and missing settings of all parts at once.
 */
export function parseLocalConfig(
  environment: NodeJS.ProcessEnv = process.env,
  file: EnvFile = {},
): LocalConfig {
  const isSet = (name: string): boolean => (environment[name]?.trim() ?? '') !== '';
  const ownsModel = MODEL_SETTINGS.some((name) => isSet(name) && environment[name] !== '0');
  // The agent server is on this machine: a token for one run is as good as a lasting one.
  const authToken =
    AUTH_TOKEN_SETTINGS.map((name) => environment[name]?.trim() ?? '').find((token) => token !== '') ??
    randomBytes(32).toString('base64url');
  const withToken = { ...environment, SDK_CLIENT_AUTH_TOKEN: authToken };
  const names = checkNames(file, environment);
  const problems = [...names.problems];
  const attempt = <T>(parse: () => T): T | undefined => {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const local = attempt(() => readSettings(localSchema, environment));
  const given = new Set(AUTH_TOKEN_SETTINGS.filter(isSet).map((name) => environment[name]));
  if (given.size > 1) problems.push('AGENT_SERVER_AUTH_TOKEN must be the same as SDK_CLIENT_AUTH_TOKEN');
  const telegram = TELEGRAM_SETTINGS.some(isSet) ? attempt(() => parseClientConfig(environment)) : undefined;
  const agent = ownsModel ? attempt(() => parseAgentConfig(withToken)) : undefined;
  // The settings that the demo's agent has too must be found wrong here, before anything is started.
  const isShellOn = environment.AGENT_SHELL === 'on' || environment.AGENT_SHELL === 'unconfined';
  const demo = ownsModel
    ? undefined
    : attempt(() => demoAgentConfig(ANY_URL, { authToken, isShellOn }, environment));
  const host = environment.HOST?.trim() ?? '';
  const isOpen = host !== '' && !isLoopback(host);
  const hasPage = !TELEGRAM_SETTINGS.some(isSet);
  if (isOpen && hasPage && !isSet('PAGE_PASSWORD'))
    problems.push(
      `PAGE_PASSWORD is required with HOST=${host}: without it, everybody who reaches the page could use it`,
    );
  const aws = environment.STORE === 'aws' ? attempt(() => readSettings(awsSchema, environment)) : undefined;
  if (problems.length > 0 || !local) throw new ConfigError([...new Set(problems)]);
  return {
    host: local.HOST,
    port: local.PORT,
    pagePassword: hasPage ? local.PAGE_PASSWORD : undefined,
    dataDir: resolve(local.DATA_DIR),
    aws: aws && {
      bucket: aws.SESSION_BUCKET,
      table: aws.SESSION_TABLE,
      queueUrl: aws.QUEUE_URL,
      asideQueueUrl: aws.ASIDE_QUEUE_URL,
      deadLetterQueueUrl: aws.DEAD_LETTER_QUEUE_URL,
      hasOtherEndpoint: isSet('AWS_ENDPOINT_URL') || isSet('AWS_ENDPOINT_URL_S3'),
    },
    agentServerUrl: local.AGENT_SERVER_URL?.replace(/\/+$/, ''),
    telegram,
    agent,
    isShellOn: local.AGENT_SHELL !== 'off',
    shell: agent ?? demo ?? { isShellOn: false },
    maxContinuations: local.MAX_CONTINUATIONS,
    maxParallelTurns: local.MAX_PARALLEL_TURNS ?? parallelTurnsFor(thisMachine()),
    authToken,
    notices: [
      ...names.notices,
      ...(agent?.notices ?? []),
      ...(isOpen ? [openNotice(host)] : []),
      ...(isSet('PAGE_PASSWORD') && !hasPage
        ? ['PAGE_PASSWORD has no effect: with a bot there is no page']
        : []),
    ],
  };
}

function openNotice(host: string): string {
  return `HOST=${host}: other machines reach this server, by HTTP without encryption. Put a proxy with TLS before it, or keep it in a network that you trust.`;
}

/** Where the queue of turns is: in SQS when `aws` is set, else below `dataDir`. */
export interface QueueConfig {
  readonly dataDir: string;
  readonly aws: AwsQueueConfig | undefined;
}

/** @throws ConfigError naming every setting of the queue that is wrong or missing; those of other parts are not looked at. */
export function readQueueConfig(environment: NodeJS.ProcessEnv = process.env): QueueConfig {
  const where = localSchema.pick({ STORE: true, DATA_DIR: true });
  if (environment.STORE !== 'aws') {
    return { dataDir: resolve(readSettings(where, environment).DATA_DIR), aws: undefined };
  }
  const names = awsSchema.pick({ QUEUE_URL: true, DEAD_LETTER_QUEUE_URL: true });
  const settings = readSettings(where.extend(names.shape), environment);
  return {
    dataDir: resolve(settings.DATA_DIR),
    aws: { queueUrl: settings.QUEUE_URL, deadLetterQueueUrl: settings.DEAD_LETTER_QUEUE_URL },
  };
}

/** What the CLI inherits when the demo model serves it. */
export function demoAgentConfig(
  baseUrl: string,
  config: Pick<LocalConfig, 'authToken' | 'isShellOn'>,
  environment: NodeJS.ProcessEnv = process.env,
): AgentConfig {
  return parseAgentConfig({
    PATH: environment.PATH,
    SystemRoot: environment.SystemRoot,
    SDK_CLIENT_AUTH_TOKEN: config.authToken,
    AGENT_SHELL: config.isShellOn ? (environment.AGENT_SHELL ?? 'on') : 'off',
    AGENT_NETWORK: environment.AGENT_NETWORK,
    TURN_LIMIT_SECONDS: environment.TURN_LIMIT_SECONDS,
    TURN_TOKEN_LIMIT: environment.TURN_TOKEN_LIMIT,
    TURN_BUDGET_USD: environment.TURN_BUDGET_USD,
    WORKSPACE_LIMIT_MB: environment.WORKSPACE_LIMIT_MB,
    WORKSPACE_LIMIT_FILES: environment.WORKSPACE_LIMIT_FILES,
    RUN_DISK_MB: environment.RUN_DISK_MB,
    MIN_FREE_DISK_MB: environment.MIN_FREE_DISK_MB,
    RUN_MEMORY_MB: environment.RUN_MEMORY_MB,
    RUN_PROCESSES: environment.RUN_PROCESSES,
    RUN_FILE_MB: environment.RUN_FILE_MB,
    CLAUDE_CODE_USE_BEDROCK: '1',
    CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1',
    ANTHROPIC_BEDROCK_BASE_URL: baseUrl,
    ANTHROPIC_DEFAULT_OPUS_MODEL: DEMO_MODEL_ID,
    ANTHROPIC_DEFAULT_SONNET_MODEL: DEMO_MODEL_ID,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: DEMO_MODEL_ID,
  });
}

export const DEMO_MODEL_ID = 'omnicloud.demo-model-v1:0';

export function isStartedByNpm(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment.npm_lifecycle_event !== undefined;
}

import { resolve } from 'node:path';
import { type ModelConfig, modelSchema, type RunConfig, runSchema } from '@omnicloud/agent-container';
import { type ClientConfig, clientSchema } from '@omnicloud/sdk-client';
import {
  authTokenSetting,
  checkNames,
  type EnvFile,
  hostSetting,
  maxContinuationsSetting,
  maxParallelTurnsSetting,
  portSetting,
  readParts,
} from '@omnicloud/settings';
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
  readonly model: ModelConfig | undefined;
  /** What a run of the agent may do and use, whichever model answers. */
  readonly run: RunConfig;
  /** How often an agent that reached its time limit may go on. */
  readonly maxContinuations: number | undefined;
  /** How many turns run side by side. */
  readonly maxParallelTurns: number;
  readonly authToken: string;
  /** What whoever set this up should know. */
  readonly notices: readonly string[];
}

const settings = z.object({
  STORE: z.enum(['embedded', 'aws'], 'must be embedded or aws').default('embedded'),
  HOST: hostSetting,
  PORT: portSetting(8787),
  PAGE_PASSWORD: z
    .string()
    .min(12, 'must have at least 12 characters')
    .max(256, 'must have at most 256 characters')
    .optional(),
  DATA_DIR: z.string().default('.data'),
  AGENT_SERVER_URL: z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).optional(),
  MAX_CONTINUATIONS: maxContinuationsSetting,
  MAX_PARALLEL_TURNS: maxParallelTurnsSetting,
  // The token between the tiers has a name at either of them.
  SDK_CLIENT_AUTH_TOKEN: authTokenSetting,
  AGENT_SERVER_AUTH_TOKEN: authTokenSetting,
});

/** @param hasPage whether people write on the chat page, and not in Telegram. */
const localSchema = (hasPage: boolean) =>
  settings.superRefine(
    (env, context) => {
      const problem = (name: string, message: string): void => {
        context.addIssue({ code: 'custom', path: [name], message });
      };
      const { SDK_CLIENT_AUTH_TOKEN: ofClient, AGENT_SERVER_AUTH_TOKEN: ofServer } = env;
      if (ofClient !== undefined && ofServer !== undefined && ofClient !== ofServer) {
        problem('AGENT_SERVER_AUTH_TOKEN', 'must be the same as SDK_CLIENT_AUTH_TOKEN');
      }
      if (hasPage && !isLoopback(env.HOST) && env.PAGE_PASSWORD === undefined) {
        const reason = 'without it, everybody who reaches the page could use it';
        problem('PAGE_PASSWORD', `is required with HOST=${env.HOST}: ${reason}`);
      }
    },
    { when: () => true },
  );

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
  const hasPage = !TELEGRAM_SETTINGS.some(isSet);
  const names = checkNames(file, environment);
  const { local, telegram, run, model, aws } = readParts(
    {
      local: localSchema(hasPage),
      telegram: hasPage ? undefined : clientSchema,
      run: runSchema,
      model: ownsModel ? modelSchema : undefined,
      aws: environment.STORE === 'aws' ? awsSchema : undefined,
    },
    environment,
    names.problems,
  );
  const isOpen = !isLoopback(local.HOST);
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
    model,
    run,
    maxContinuations: local.MAX_CONTINUATIONS,
    maxParallelTurns: local.MAX_PARALLEL_TURNS ?? parallelTurnsFor(thisMachine()),
    // The agent server is on this machine: a token for one run is as good as a lasting one.
    authToken:
      local.SDK_CLIENT_AUTH_TOKEN ?? local.AGENT_SERVER_AUTH_TOKEN ?? randomBytes(32).toString('base64url'),
    notices: [
      ...names.notices,
      ...(model?.notices ?? []),
      ...(isOpen ? [openNotice(local.HOST)] : []),
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
  const { local, aws } = readParts(
    {
      local: settings.pick({ STORE: true, DATA_DIR: true }),
      aws:
        environment.STORE === 'aws'
          ? awsSchema.pick({ QUEUE_URL: true, DEAD_LETTER_QUEUE_URL: true })
          : undefined,
    },
    environment,
  );
  return {
    dataDir: resolve(local.DATA_DIR),
    aws: aws && { queueUrl: aws.QUEUE_URL, deadLetterQueueUrl: aws.DEAD_LETTER_QUEUE_URL },
  };
}

export function isStartedByNpm(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment.npm_lifecycle_event !== undefined;
}

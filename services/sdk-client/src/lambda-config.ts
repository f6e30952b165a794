import { maxContinuationsSetting, maxParallelTurnsSetting, readSettings } from '@omnicloud/settings';
import { z } from 'zod';
import { allowedUsersSchema, apiRootSchema, ownerOf } from './config.ts';

/** What both functions need to know of the deployment. */
interface DeploymentConfig {
  readonly table: string;
  readonly queueUrl: string;
  /** For commands that touch no session. */
  readonly asideQueueUrl: string | undefined;
  /** The `service` of log lines and metrics: tells one deployment's from another's. */
  readonly service: string;
}

/** The function that Telegram calls. */
export interface WebhookConfig extends DeploymentConfig {
  /** Telegram user ids that may talk to the agent. */
  readonly allowedUsers: ReadonlySet<string>;
  /** The secret that holds `secret_token` of setWebhook. */
  readonly webhookSecret: string;
  /** Without `@`; commands to another bot in a group are told apart by it. */
  readonly botUsername: string | undefined;
  /** How many turns run side by side; undefined: nobody is told how many wait before them. */
  readonly parallelTurns: number | undefined;
}

/** The function that the queue calls. */
export interface WorkerConfig extends DeploymentConfig {
  readonly deadLetterQueueUrl: string;
  /** The Telegram user id that `/debug` is for: the first of those who may use the bot. */
  readonly ownerId: string;
  /** Where files of users are put for the agent server. */
  readonly bucket: string;
  /** Whether the AWS SDK is pointed at another server than AWS's own. */
  readonly hasOtherEndpoint: boolean;
  /** Without a trailing slash. */
  readonly agentServerUrl: string;
  /** The secret that holds the bot's token. */
  readonly botTokenSecret: string;
  /** The secret that holds the token which the agent server wants to see. */
  readonly serviceTokenSecret: string;
  /** How often an agent that reached its time limit may go on; undefined: as the relay has it. */
  readonly maxContinuations: number | undefined;
  /** The Bot API server, without a trailing slash. */
  readonly apiRoot: string;
}

const required = z.string({ error: 'is required' });
const fifoQueueUrl = z.url({
  protocol: /^https?$/,
  error: 'is required, and must be the URL of a FIFO queue',
});

const deploymentSchema = z.object({
  SESSION_TABLE: required,
  QUEUE_URL: fifoQueueUrl,
  ASIDE_QUEUE_URL: fifoQueueUrl.optional(),
  POWERTOOLS_SERVICE_NAME: z.string().default('omnicloud'),
});

const webhookSchema = deploymentSchema.extend({
  ALLOWED_USERS: allowedUsersSchema,
  WEBHOOK_SECRET_ARN: required,
  MAX_PARALLEL_TURNS: maxParallelTurnsSetting,
  TELEGRAM_BOT_USERNAME: z
    .string()
    .regex(/^\w{5,32}$/, 'must be a username without the @')
    .optional(),
});

const workerSchema = deploymentSchema.extend({
  ALLOWED_USERS: allowedUsersSchema,
  DEAD_LETTER_QUEUE_URL: fifoQueueUrl,
  SESSION_BUCKET: required,
  AWS_ENDPOINT_URL: z.string().optional(),
  AWS_ENDPOINT_URL_S3: z.string().optional(),
  AGENT_SERVER_URL: z.url({ protocol: /^https?$/, error: 'is required, and must be an http(s) URL' }),
  TELEGRAM_BOT_TOKEN_SECRET_ARN: required,
  SERVICE_TOKEN_SECRET_ARN: required,
  MAX_CONTINUATIONS: maxContinuationsSetting,
  TELEGRAM_API_ROOT: apiRootSchema,
});

/** @throws ConfigError naming every variable that is wrong or missing. */
export function parseWebhookEnvironment(environment: NodeJS.ProcessEnv = process.env): WebhookConfig {
  const env = readSettings(webhookSchema, environment);
  return {
    ...deploymentOf(env),
    allowedUsers: env.ALLOWED_USERS,
    webhookSecret: env.WEBHOOK_SECRET_ARN,
    botUsername: env.TELEGRAM_BOT_USERNAME,
    parallelTurns: env.MAX_PARALLEL_TURNS,
  };
}

/** @throws ConfigError naming every variable that is wrong or missing. */
export function parseWorkerEnvironment(environment: NodeJS.ProcessEnv = process.env): WorkerConfig {
  const env = readSettings(workerSchema, environment);
  return {
    ...deploymentOf(env),
    deadLetterQueueUrl: env.DEAD_LETTER_QUEUE_URL,
    ownerId: ownerOf(env.ALLOWED_USERS),
    bucket: env.SESSION_BUCKET,
    hasOtherEndpoint: (env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL) !== undefined,
    agentServerUrl: env.AGENT_SERVER_URL.replace(/\/+$/, ''),
    botTokenSecret: env.TELEGRAM_BOT_TOKEN_SECRET_ARN,
    serviceTokenSecret: env.SERVICE_TOKEN_SECRET_ARN,
    maxContinuations: env.MAX_CONTINUATIONS,
    apiRoot: env.TELEGRAM_API_ROOT,
  };
}

/**
 * @returns the X-Ray trace that the invocation under way belongs to; undefined outside of Lambda.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function currentTrace(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return environment._X_AMZN_TRACE_ID;
}

function deploymentOf(env: z.infer<typeof deploymentSchema>): DeploymentConfig {
  return {
    table: env.SESSION_TABLE,
    queueUrl: env.QUEUE_URL,
    asideQueueUrl: env.ASIDE_QUEUE_URL,
    service: env.POWERTOOLS_SERVICE_NAME,
  };
}

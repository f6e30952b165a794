import { DEFAULT_TURN_BUDGET_USD, readSettings } from '@omnicloud/settings';
import { z } from 'zod';
import type { DiskLimits } from './run/disk/disk-watch.ts';
import { WORKSPACE_LIMITS, type WorkspaceLimits } from './session/home/scan-home.ts';
import type { RunLimits } from './run/isolation/run-limits.ts';
import type { BedrockCredentials, ModelAccess } from './model-access.ts';

export type { ModelAccess };

/** Model ids behind the CLI's three aliases; an absent one is the CLI's own default. */
interface ModelIds {
  opus?: string;
  sonnet?: string;
  haiku?: string;
}

export interface AgentConfig {
  access: ModelAccess;
  models: ModelIds;
  /** Overrides the `model` of the image's settings.json. */
  model?: string;
  isShellOn: boolean;
  /** The shell runs as this process does, with all it can read. */
  isShellUnconfined?: true;
  /** The confined shell, and the tools that run beside it, share this machine's network. */
  isNetworkOn?: true;
  /** How long the agent may work on one request, in ms. */
  turnLimitMs?: number;
  /** Input, output and cache tokens together that one turn may take. */
  turnTokenLimit?: number;
  /** What one turn may cost, in US dollars, as the CLI reckons it; undefined: without a limit. */
  turnBudgetUsd?: number;
  /** What of a workspace is saved; see `WORKSPACE_LIMITS` unless given. */
  workspaceLimits?: WorkspaceLimits;
  /** What runs may take of the disk; what is not given follows its size. */
  diskLimits?: Partial<DiskLimits>;
  /** What a confined run may use; what is not given follows the machine. */
  runLimits?: Partial<RunLimits>;
  /** The bearer token that callers must show. */
  authToken: string;
  /** Environment variables of this process that the CLI is given too. */
  inherited: Readonly<Record<string, string>>;
  /** `HTTPS_PROXY` and its like: the way to the model. */
  proxies: Readonly<Record<string, string>>;
  /** What whoever set this up should know. */
  notices?: readonly string[];
}

const text = z.string().trim().min(1);
const optional = text.optional();
const region = z
  .string()
  .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region such as us-east-1')
  .optional();
const url = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).optional();

/** Zod would leave out the rules between variables once a single variable is wrong. */
const ALSO_AFTER_OTHER_MISTAKES = { when: () => true };

/** Which of two was meant cannot be known. */
const WAYS_INTO_BEDROCK = ['BEDROCK_SECRET_ARN', 'BEDROCK_ACCESS_KEY_ID', 'BEDROCK_API_KEY'] as const;

/** The largest disk that is thought of: 64 TB. */
const megabytes = (least: number) =>
  z.coerce
    .number('must be a number of megabytes')
    .min(least, `must be at least ${least}`)
    .max(67_108_864, 'must be at most 67108864')
    .optional();

const environmentSchema = z
  .object({
    CLAUDE_CODE_USE_BEDROCK: z.enum(['0', '1'], 'must be 1 or 0').optional(),
    BEDROCK_REGION: region,
    AWS_REGION: region,
    BEDROCK_ACCESS_KEY_ID: optional,
    BEDROCK_SECRET_ACCESS_KEY: optional,
    BEDROCK_SESSION_TOKEN: optional,
    BEDROCK_API_KEY: optional,
    AWS_BEARER_TOKEN_BEDROCK: optional,
    BEDROCK_SECRET_ARN: optional,
    ANTHROPIC_BEDROCK_BASE_URL: url,
    CLAUDE_CODE_SKIP_BEDROCK_AUTH: z.enum(['0', '1'], 'must be 1 or 0').default('0'),
    ANTHROPIC_API_KEY: optional,
    ANTHROPIC_SECRET_ARN: optional,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_MODEL: optional,
    ANTHROPIC_DEFAULT_OPUS_MODEL: optional,
    ANTHROPIC_DEFAULT_SONNET_MODEL: optional,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: optional,
    AGENT_SHELL: z.enum(['on', 'off', 'unconfined'], 'must be on, off or unconfined').default('off'),
    AGENT_NETWORK: z.enum(['on', 'off'], 'must be on or off').default('off'),
    TURN_LIMIT_SECONDS: z.coerce
      .number('must be a number of seconds')
      .min(1, 'must be at least 1')
      .max(86_400, 'must be at most 86400')
      .optional(),
    WORKSPACE_LIMIT_MB: z.coerce
      .number('must be a number of megabytes')
      .min(1, 'must be at least 1')
      .max(65_536, 'must be at most 65536')
      .optional(),
    WORKSPACE_LIMIT_FILES: z.coerce
      .number('must be a number of files')
      .int('must be a whole number of files')
      .min(1, 'must be at least 1')
      .max(200_000, 'must be at most 200000')
      .optional(),
    RUN_DISK_MB: megabytes(1),
    MIN_FREE_DISK_MB: megabytes(1),
    RUN_MEMORY_MB: megabytes(512),
    RUN_PROCESSES: z.coerce
      .number('must be a number of processes')
      .int('must be a whole number of processes')
      .min(64, 'must be at least 64')
      .max(100_000, 'must be at most 100000')
      .optional(),
    RUN_FILE_MB: megabytes(16),
    TURN_TOKEN_LIMIT: z.coerce
      .number('must be a number of tokens')
      .int('must be a whole number of tokens')
      .min(1, 'must be at least 1')
      .optional(),
    TURN_BUDGET_USD: z
      .union([
        z.literal('none'),
        z.coerce.number('must be a number of dollars, or none').positive('must be more than 0, or none'),
      ])
      .default(DEFAULT_TURN_BUDGET_USD),
    SDK_CLIENT_AUTH_TOKEN: z.string({ error: 'is required' }).min(16, 'must have at least 16 characters'),
  })
  .superRefine((env, context) => {
    const problem = (name: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [name], message });
    };
    const hasAnthropic = env.ANTHROPIC_API_KEY !== undefined || env.ANTHROPIC_SECRET_ARN !== undefined;
    if (!isBedrock(env) && !hasAnthropic) {
      problem('CLAUDE_CODE_USE_BEDROCK', 'must be 1, unless ANTHROPIC_API_KEY is set');
    }
    if (env.ANTHROPIC_API_KEY !== undefined && env.ANTHROPIC_SECRET_ARN !== undefined) {
      problem('ANTHROPIC_SECRET_ARN', 'cannot be set together with ANTHROPIC_API_KEY');
    }
    const hasRegion = env.BEDROCK_REGION !== undefined || env.AWS_REGION !== undefined;
    if (isBedrock(env) && !hasRegion && env.ANTHROPIC_BEDROCK_BASE_URL === undefined) {
      problem('BEDROCK_REGION', 'is required with CLAUDE_CODE_USE_BEDROCK=1');
    }
    if (env.BEDROCK_ACCESS_KEY_ID !== undefined && env.BEDROCK_SECRET_ACCESS_KEY === undefined) {
      problem('BEDROCK_SECRET_ACCESS_KEY', 'is required with BEDROCK_ACCESS_KEY_ID');
    }
    if (env.BEDROCK_SECRET_ACCESS_KEY !== undefined && env.BEDROCK_ACCESS_KEY_ID === undefined) {
      problem('BEDROCK_ACCESS_KEY_ID', 'is required with BEDROCK_SECRET_ACCESS_KEY');
    }
    const [, ...surplus] = WAYS_INTO_BEDROCK.filter((name) => env[name] !== undefined);
    for (const name of surplus) {
      problem(name, `cannot be set together with another of ${WAYS_INTO_BEDROCK.join(', ')}`);
    }
  }, ALSO_AFTER_OTHER_MISTAKES);
type Environment = z.infer<typeof environmentSchema>;

/** An endpoint that was named must not be passed over: it means Bedrock, unless that was switched off by name. */
function isBedrock(env: {
  CLAUDE_CODE_USE_BEDROCK?: '0' | '1' | undefined;
  ANTHROPIC_BEDROCK_BASE_URL?: string | undefined;
}): boolean {
  return (env.CLAUDE_CODE_USE_BEDROCK ?? (env.ANTHROPIC_BEDROCK_BASE_URL === undefined ? '0' : '1')) === '1';
}

/** @throws ConfigError naming every variable that is wrong or missing. */
export function parseAgentConfig(environment: NodeJS.ProcessEnv = process.env): AgentConfig {
  const env = readSettings(environmentSchema, environment);
  return {
    access: modelAccess(env, isAnySet(environment, AWS_CHAIN)),
    models: definedOnly({
      opus: env.ANTHROPIC_DEFAULT_OPUS_MODEL,
      sonnet: env.ANTHROPIC_DEFAULT_SONNET_MODEL,
      haiku: env.ANTHROPIC_DEFAULT_HAIKU_MODEL,
    }),
    ...definedOnly({ model: env.ANTHROPIC_MODEL }),
    isShellOn: env.AGENT_SHELL !== 'off',
    ...(env.AGENT_SHELL === 'unconfined' ? { isShellUnconfined: true } : {}),
    ...(env.AGENT_NETWORK === 'on' ? { isNetworkOn: true } : {}),
    ...(env.TURN_LIMIT_SECONDS === undefined ? {} : { turnLimitMs: env.TURN_LIMIT_SECONDS * 1_000 }),
    ...workspaceLimits(env),
    ...diskLimits(env),
    ...chosenRunLimits(env),
    ...(env.TURN_TOKEN_LIMIT === undefined ? {} : { turnTokenLimit: env.TURN_TOKEN_LIMIT }),
    ...(env.TURN_BUDGET_USD === 'none' ? {} : { turnBudgetUsd: env.TURN_BUDGET_USD }),
    authToken: env.SDK_CLIENT_AUTH_TOKEN,
    inherited: chosenFrom(environment, INHERITED),
    proxies: chosenFrom(environment, PROXIES),
    ...noticesOf(env),
  };
}

/** The name that the plan of this project and the CLI's own documentation give the model's region works on, but says so. */
function noticesOf(env: Environment): Pick<AgentConfig, 'notices'> {
  const isFallback = isBedrock(env) && env.BEDROCK_REGION === undefined && env.AWS_REGION !== undefined;
  if (!isFallback || env.ANTHROPIC_BEDROCK_BASE_URL !== undefined) return {};
  return {
    notices: [
      `BEDROCK_REGION is not set, so Bedrock is asked in AWS_REGION (${env.AWS_REGION}); BEDROCK_REGION names the model's region alone`,
    ],
  };
}

function chosenRunLimits(env: Environment): Pick<AgentConfig, 'runLimits'> {
  const runLimits = definedOnly({
    memoryBytes: bytesOf(env.RUN_MEMORY_MB),
    processes: env.RUN_PROCESSES,
    fileBytes: bytesOf(env.RUN_FILE_MB),
  });
  return Object.keys(runLimits).length === 0 ? {} : { runLimits };
}

function bytesOf(megabytes: number | undefined): number | undefined {
  return megabytes === undefined ? undefined : Math.floor(megabytes * 1024 * 1024);
}

function workspaceLimits(env: Environment): Pick<AgentConfig, 'workspaceLimits'> {
  const { WORKSPACE_LIMIT_MB: megabytes, WORKSPACE_LIMIT_FILES: files = WORKSPACE_LIMITS.files } = env;
  if (megabytes === undefined && env.WORKSPACE_LIMIT_FILES === undefined) return {};
  const bytes = megabytes === undefined ? WORKSPACE_LIMITS.bytes : Math.floor(megabytes * 1024 * 1024);
  return { workspaceLimits: { ...WORKSPACE_LIMITS, bytes, files } };
}

function diskLimits({
  RUN_DISK_MB: run,
  MIN_FREE_DISK_MB: free,
}: Environment): Pick<AgentConfig, 'diskLimits'> {
  if (run === undefined && free === undefined) return {};
  const bytes = (megabytes: number): number => Math.floor(megabytes * 1024 * 1024);
  return {
    diskLimits: {
      ...(run === undefined ? {} : { runBytes: bytes(run) }),
      ...(free === undefined ? {} : { minFreeBytes: bytes(free) }),
    },
  };
}

/** The region only enters the signature when another endpoint is named, so it need not be. */
const REGION_OF_OTHER_ENDPOINTS = 'us-east-1';

function modelAccess(env: Environment, hasChain: boolean): ModelAccess {
  if (!isBedrock(env)) {
    return {
      kind: 'anthropic',
      credentials:
        env.ANTHROPIC_SECRET_ARN === undefined
          ? { apiKey: env.ANTHROPIC_API_KEY ?? '' }
          : { secret: env.ANTHROPIC_SECRET_ARN },
      ...definedOnly({ baseUrl: env.ANTHROPIC_BASE_URL }),
    };
  }
  return {
    kind: 'bedrock',
    region: env.BEDROCK_REGION ?? env.AWS_REGION ?? REGION_OF_OTHER_ENDPOINTS,
    ...definedOnly({ baseUrl: env.ANTHROPIC_BEDROCK_BASE_URL }),
    credentials: bedrockCredentials(env, hasChain),
  };
}

/** What is named for Bedrock wins over what the host has: on Lambda, the host's own keys are those of the function's role. */
function bedrockCredentials(env: Environment, hasChain: boolean): BedrockCredentials {
  if (env.CLAUDE_CODE_SKIP_BEDROCK_AUTH === '1') return 'none';
  if (env.BEDROCK_SECRET_ARN !== undefined) return { secret: env.BEDROCK_SECRET_ARN };
  const { BEDROCK_ACCESS_KEY_ID: accessKeyId, BEDROCK_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, ...definedOnly({ sessionToken: env.BEDROCK_SESSION_TOKEN }) };
  }
  const apiKey = env.BEDROCK_API_KEY ?? env.AWS_BEARER_TOKEN_BEDROCK;
  if (apiKey !== undefined) return { apiKey };
  // An endpoint of one's own without any credentials in sight is one that wants none.
  return env.ANTHROPIC_BEDROCK_BASE_URL === undefined || hasChain ? 'chain' : 'none';
}

/** What programs need to run at all; the CLI's way to the model is the proxy of this process. */
const INHERITED = /^(PATH|LANG|LC_ALL|TZ|SystemRoot)$/;
const PROXIES = /^((HTTPS?|NO)_PROXY|https?_proxy|no_proxy)$/;
/** The places the AWS credential chain looks at. */
const AWS_CHAIN =
  /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|WEB_IDENTITY_TOKEN_FILE|ROLE_ARN|ROLE_SESSION_NAME|CONTAINER_.*|EC2_METADATA_.*)$/;

function chosenFrom(environment: NodeJS.ProcessEnv, names: RegExp): Record<string, string> {
  const given = Object.entries(environment).filter(
    (entry): entry is [string, string] => (entry[1] ?? '') !== '',
  );
  return Object.fromEntries(given.filter(([name]) => names.test(name)));
}

function isAnySet(environment: NodeJS.ProcessEnv, names: RegExp): boolean {
  return Object.keys(chosenFrom(environment, names)).length > 0;
}

function definedOnly<T extends Record<string, unknown>>(
  values: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

// flags, environment → what is given for a deployment; what is not is found in AWS or asked for
import { carriedSettings, checkNames, ConfigError, readSettings, unusedOnAws } from '@omnicloud/settings';
import { z } from 'zod';
import { type ModelKeys, type Provider, providerOf } from './ask/model-keys.ts';

/** Text, as it is handed to the CDK. */
export type GivenSwitches = Readonly<Record<string, string>>;

export interface GivenSettings {
  readonly botToken: string | undefined;
  readonly modelKeys: ModelKeys | undefined;
  readonly switches: GivenSwitches;
  /** The Bot API server, without a trailing slash. */
  readonly apiRoot: string;
  /** The program that builds images, as the CDK knows it. */
  readonly builder: string;
  /** What whoever deploys should know: settings that have no effect on AWS, and names that are no settings. */
  readonly notices: readonly string[];
}

export const BOT_TOKEN = /^\d+:[A-Za-z0-9_-]+$/;
const DEFAULT_API_ROOT = 'https://api.telegram.org';

/** Which of the settings that are switches need more than to be handed over. */
const TRANSLATED = [
  'CLAUDE_CODE_USE_BEDROCK',
  'ANTHROPIC_BASE_URL',
  'ANTHROPIC_BEDROCK_BASE_URL',
  'TELEGRAM_API_ROOT',
];

const text = z.string().trim().optional();
const url = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' });
const schema = z
  .object({
    TELEGRAM_BOT_TOKEN: text.refine(
      (token) => token === undefined || BOT_TOKEN.test(token),
      'must look like 123456:ABC-DEF, as @BotFather gives it',
    ),
    CLAUDE_CODE_USE_BEDROCK: z.enum(['0', '1'], 'must be 1 or 0').optional(),
    BEDROCK_ACCESS_KEY_ID: text,
    BEDROCK_SECRET_ACCESS_KEY: text,
    BEDROCK_SESSION_TOKEN: text,
    BEDROCK_API_KEY: text,
    AWS_BEARER_TOKEN_BEDROCK: text,
    ANTHROPIC_API_KEY: text,
    ANTHROPIC_BASE_URL: url.optional(),
    ANTHROPIC_BEDROCK_BASE_URL: url.optional(),
    TELEGRAM_API_ROOT: url.default(DEFAULT_API_ROOT).transform((root) => root.replace(/\/+$/, '')),
    CDK_DOCKER: z.string().default('docker'),
    AGENT_SHELL: z
      .enum(['on', 'off'], 'must be on or off on AWS (or give --shell): unconfined is for your own machine')
      .optional(),
  })
  .refine(
    (env) => (env.BEDROCK_ACCESS_KEY_ID === undefined) === (env.BEDROCK_SECRET_ACCESS_KEY === undefined),
    {
      path: ['BEDROCK_SECRET_ACCESS_KEY'],
      error: 'and BEDROCK_ACCESS_KEY_ID belong together',
      when: () => true,
    },
  );
type Environment = z.output<typeof schema>;

/**
 * @param flags switches given on the command line, which win.
 * @param file what `.env` holds: names in it that are mistyped are mistakes too.
 * @throws ConfigError naming every setting that is wrong.
 */
export function readGivenSettings(
  flags: GivenSwitches = {},
  environment: NodeJS.ProcessEnv = process.env,
  file: Readonly<Record<string, string>> = {},
): GivenSettings {
  const names = checkNames(file, environment);
  // A flag takes the place of the setting, whatever that is.
  const { AGENT_SHELL, ...others } = environment;
  const env = parseWith(flags.shell === undefined ? { ...others, AGENT_SHELL } : others, names.problems);
  const modelKeys = modelKeysOf(env);
  return {
    botToken: env.TELEGRAM_BOT_TOKEN,
    modelKeys,
    switches: { ...switchesFrom(environment), ...translated(env, modelKeys), ...flags },
    apiRoot: env.TELEGRAM_API_ROOT,
    builder: env.CDK_DOCKER,
    notices: [...names.notices, ...unusedOnAws(environment)],
  };
}

function parseWith(environment: NodeJS.ProcessEnv, problems: readonly string[]): Environment {
  try {
    const env = readSettings(schema, environment);
    if (problems.length > 0) throw new ConfigError(problems);
    return env;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError([...new Set([...problems, ...error.problems])]);
  }
}

function switchesFrom(environment: NodeJS.ProcessEnv): GivenSwitches {
  return Object.fromEntries(
    Object.entries(carriedSettings()).flatMap(([setting, name]) => {
      const value = environment[setting]?.trim() ?? '';
      return value === '' || TRANSLATED.includes(setting) ? [] : [[name, value]];
    }),
  );
}

/** What has another form as a switch than as a setting. */
function translated(env: Environment, keys: ModelKeys | undefined): GivenSwitches {
  const provider = providerFrom(env, keys);
  const baseUrl = provider === 'anthropic' ? env.ANTHROPIC_BASE_URL : env.ANTHROPIC_BEDROCK_BASE_URL;
  return {
    ...(provider === undefined ? {} : { provider }),
    ...(baseUrl === undefined ? {} : { modelBaseUrl: baseUrl }),
    ...(env.TELEGRAM_API_ROOT === DEFAULT_API_ROOT ? {} : { telegramApiRoot: env.TELEGRAM_API_ROOT }),
  };
}

/** As `npm start` chooses; keys of Bedrock alone mean Bedrock too. @returns undefined when nothing says which. */
function providerFrom(env: Environment, keys: ModelKeys | undefined): Provider | undefined {
  const { CLAUDE_CODE_USE_BEDROCK: chosen } = env;
  if (chosen === '1' || env.ANTHROPIC_BEDROCK_BASE_URL !== undefined) return 'bedrock';
  return keys && providerOf(keys);
}

function modelKeysOf(env: Environment): ModelKeys | undefined {
  const bedrock = bedrockKeysOf(env);
  const isBedrock =
    env.CLAUDE_CODE_USE_BEDROCK === '1' ||
    (env.CLAUDE_CODE_USE_BEDROCK === undefined && env.ANTHROPIC_BEDROCK_BASE_URL !== undefined);
  if (env.ANTHROPIC_API_KEY === undefined || isBedrock) return bedrock;
  if (bedrock && env.CLAUDE_CODE_USE_BEDROCK === undefined) {
    throw new ConfigError([
      'CLAUDE_CODE_USE_BEDROCK must be 1 or 0: there are keys of Bedrock and of Anthropic',
    ]);
  }
  return { ANTHROPIC_API_KEY: env.ANTHROPIC_API_KEY };
}

function bedrockKeysOf(env: Environment): ModelKeys | undefined {
  const { BEDROCK_ACCESS_KEY_ID: id, BEDROCK_SECRET_ACCESS_KEY: secret, BEDROCK_SESSION_TOKEN: token } = env;
  const apiKey = env.BEDROCK_API_KEY ?? env.AWS_BEARER_TOKEN_BEDROCK;
  if (id !== undefined && secret !== undefined) {
    if (env.BEDROCK_API_KEY !== undefined) {
      throw new ConfigError(['BEDROCK_API_KEY cannot be set together with BEDROCK_ACCESS_KEY_ID']);
    }
    return {
      AWS_ACCESS_KEY_ID: id,
      AWS_SECRET_ACCESS_KEY: secret,
      ...(token === undefined ? {} : { AWS_SESSION_TOKEN: token }),
    };
  }
  return apiKey === undefined ? undefined : { AWS_BEARER_TOKEN_BEDROCK: apiKey };
}

/** Secrets of ours, which no program that is started here has to know. */
const SECRET_SETTING =
  /^(TELEGRAM_(BOT_TOKEN|WEBHOOK_SECRET)|BEDROCK_.*(KEY|KEY_ID|TOKEN)|AWS_BEARER_TOKEN_BEDROCK|ANTHROPIC_API_KEY|PAGE_PASSWORD|(SDK_CLIENT|AGENT_SERVER)_AUTH_TOKEN)$/;

/** @returns the environment for a program that is started here. */
export function childEnvironment(
  changes: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const given = Object.entries(environment).filter(([name]) => !SECRET_SETTING.test(name));
  return { ...Object.fromEntries(given), ...changes };
}

/** Whether the AWS SDK is pointed at another server, which may not know a bucket by its host name. */
export function hasOtherEndpoint(environment: NodeJS.ProcessEnv = process.env): boolean {
  return Boolean(environment.AWS_ENDPOINT_URL ?? environment.AWS_ENDPOINT_URL_S3);
}

/** @returns the address of a service of AWS, or the one that the environment names for it, as the AWS SDK has it. */
export function endpointOf(
  service: 'lambda' | 'sns',
  region: string,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  const { AWS_ENDPOINT_URL: all = '' } = environment;
  const own = environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? '';
  const suffix = region.startsWith('cn-') ? '.cn' : '';
  return [own, all].find((url) => url !== '') ?? `https://${service}.${region}.amazonaws.com${suffix}`;
}

/** @returns `HTTPS_PROXY` and its like: the way to the model. */
export function proxySettings(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const isProxy = /^((HTTPS?|NO)_PROXY|https?_proxy|no_proxy)$/;
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => isProxy.test(entry[0])),
  );
}

/** The AWS SDK and the CDK look for a profile's name in the environment. */
export function useProfile(profile: string, environment: NodeJS.ProcessEnv = process.env): void {
  environment.AWS_PROFILE = profile;
}

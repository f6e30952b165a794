// flags, environment → what is given for a deployment; what is not is found in AWS or asked for
import { ConfigError, readSettings } from '@omnicloud/settings';
import { z } from 'zod';
import type { BedrockKeys } from './bedrock-keys.ts';

/** Text, as it is handed to the CDK. */
export type GivenSwitches = Readonly<Record<string, string>>;

export interface GivenSettings {
  readonly botToken: string | undefined;
  readonly bedrockKeys: BedrockKeys | undefined;
  readonly switches: GivenSwitches;
  /** The Bot API server, without a trailing slash. */
  readonly apiRoot: string;
  /** The program that builds images, as the CDK knows it. */
  readonly builder: string;
}

export const BOT_TOKEN = /^\d+:[A-Za-z0-9_-]+$/;

/** Which settings of `.env` are switches of a deployment too. */
const SWITCHES_OF_SETTINGS = {
  ALLOWED_USERS: 'allowedUsers',
  BEDROCK_REGION: 'bedrockRegion',
  ANTHROPIC_DEFAULT_OPUS_MODEL: 'opusModel',
  ANTHROPIC_DEFAULT_SONNET_MODEL: 'sonnetModel',
  ANTHROPIC_DEFAULT_HAIKU_MODEL: 'haikuModel',
  MAX_CONTINUATIONS: 'maxContinuations',
  MAX_PARALLEL_TURNS: 'concurrency',
} as const;
type SwitchSetting = keyof typeof SWITCHES_OF_SETTINGS;

const text = z.string().trim().optional();
const schema = z
  .object({
    TELEGRAM_BOT_TOKEN: text.refine(
      (token) => token === undefined || BOT_TOKEN.test(token),
      'must look like 123456:ABC-DEF, as @BotFather gives it',
    ),
    BEDROCK_ACCESS_KEY_ID: text,
    BEDROCK_SECRET_ACCESS_KEY: text,
    BEDROCK_SESSION_TOKEN: text,
    BEDROCK_API_KEY: text,
    AWS_BEARER_TOKEN_BEDROCK: text,
    TELEGRAM_API_ROOT: z
      .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
      .default('https://api.telegram.org')
      .transform((url) => url.replace(/\/+$/, '')),
    CDK_DOCKER: z.string().default('docker'),
    ALLOWED_USERS: text,
    BEDROCK_REGION: text,
    ANTHROPIC_DEFAULT_OPUS_MODEL: text,
    ANTHROPIC_DEFAULT_SONNET_MODEL: text,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: text,
    MAX_CONTINUATIONS: text,
    MAX_PARALLEL_TURNS: text,
  })
  .refine(
    (env) => (env.BEDROCK_ACCESS_KEY_ID === undefined) === (env.BEDROCK_SECRET_ACCESS_KEY === undefined),
    {
      path: ['BEDROCK_SECRET_ACCESS_KEY'],
      error: 'and BEDROCK_ACCESS_KEY_ID belong together',
      when: () => true,
    },
  );

/** @param flags switches given on the command line, which win. @throws ConfigError naming every setting that is wrong. */
export function readGivenSettings(
  flags: GivenSwitches = {},
  environment: NodeJS.ProcessEnv = process.env,
): GivenSettings {
  const env = readSettings(schema, environment);
  const fromSettings = Object.entries(SWITCHES_OF_SETTINGS).flatMap(([setting, name]) => {
    const value = env[setting as SwitchSetting];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    botToken: env.TELEGRAM_BOT_TOKEN,
    bedrockKeys: bedrockKeysOf(env),
    switches: { ...Object.fromEntries(fromSettings), ...flags },
    apiRoot: env.TELEGRAM_API_ROOT,
    builder: env.CDK_DOCKER,
  };
}

function bedrockKeysOf(env: z.output<typeof schema>): BedrockKeys | undefined {
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
  /^(TELEGRAM_(BOT_TOKEN|WEBHOOK_SECRET)|BEDROCK_.*(KEY|KEY_ID|TOKEN)|AWS_BEARER_TOKEN_BEDROCK|ANTHROPIC_API_KEY|SDK_CLIENT_AUTH_TOKEN)$/;

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

/** The AWS SDK and the CDK look for a profile's name in the environment. */
export function useProfile(profile: string, environment: NodeJS.ProcessEnv = process.env): void {
  environment.AWS_PROFILE = profile;
}

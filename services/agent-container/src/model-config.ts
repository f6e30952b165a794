// the environment → where the model is and what opens it
import { z } from 'zod';
import { chosenFrom, definedOnly } from './chosen-variables.ts';
import type { BedrockCredentials, ModelAccess } from './model-access.ts';

/** Model ids behind the CLI's three aliases; an absent one is the CLI's own default. */
interface ModelIds {
  opus?: string;
  sonnet?: string;
  haiku?: string;
}

export interface ModelConfig {
  access: ModelAccess;
  models: ModelIds;
  /** Overrides the `model` of the image's settings.json. */
  model?: string;
  /** `HTTPS_PROXY` and its like: the way to the model. */
  proxies: Readonly<Record<string, string>>;
  /** What whoever set this up should know. */
  notices?: readonly string[];
}

const optional = z.string().trim().min(1).optional();
const region = z
  .string()
  .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region such as us-east-1')
  .optional();
const url = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).optional();

/** Zod would leave out the rules between variables once a single variable is wrong. */
const ALSO_AFTER_OTHER_MISTAKES = { when: () => true };

/** Which of two was meant cannot be known. */
const WAYS_INTO_BEDROCK = ['BEDROCK_SECRET_ARN', 'BEDROCK_ACCESS_KEY_ID', 'BEDROCK_API_KEY'] as const;

const PROXIES = /^((HTTPS?|NO)_PROXY|https?_proxy|no_proxy)$/;
/** The places the AWS credential chain looks at. */
const AWS_CHAIN =
  /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|WEB_IDENTITY_TOKEN_FILE|ROLE_ARN|ROLE_SESSION_NAME|CONTAINER_.*|EC2_METADATA_.*)$/;

/** Takes every variable, because some are chosen by a pattern of their names. */
const environmentSchema = z
  .looseObject({
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

/** The settings of the model, as a `ModelConfig`. */
export const modelSchema = environmentSchema.transform((env): ModelConfig => ({
  access: modelAccess(env, Object.keys(chosenFrom(env, AWS_CHAIN)).length > 0),
  models: definedOnly({
    opus: env.ANTHROPIC_DEFAULT_OPUS_MODEL,
    sonnet: env.ANTHROPIC_DEFAULT_SONNET_MODEL,
    haiku: env.ANTHROPIC_DEFAULT_HAIKU_MODEL,
  }),
  ...definedOnly({ model: env.ANTHROPIC_MODEL }),
  proxies: chosenFrom(env, PROXIES),
  ...noticesOf(env),
}));

/** An endpoint that was named must not be passed over: it means Bedrock, unless that was switched off by name. */
function isBedrock(env: {
  CLAUDE_CODE_USE_BEDROCK?: '0' | '1' | undefined;
  ANTHROPIC_BEDROCK_BASE_URL?: string | undefined;
}): boolean {
  return (env.CLAUDE_CODE_USE_BEDROCK ?? (env.ANTHROPIC_BEDROCK_BASE_URL === undefined ? '0' : '1')) === '1';
}

/** The name that the plan of this project and the CLI's own documentation give the model's region works on, but says so. */
function noticesOf(env: Environment): Pick<ModelConfig, 'notices'> {
  const isFallback = isBedrock(env) && env.BEDROCK_REGION === undefined && env.AWS_REGION !== undefined;
  if (!isFallback || env.ANTHROPIC_BEDROCK_BASE_URL !== undefined) return {};
  return {
    notices: [
      `BEDROCK_REGION is not set, so Bedrock is asked in AWS_REGION (${env.AWS_REGION}); BEDROCK_REGION names the model's region alone`,
    ],
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

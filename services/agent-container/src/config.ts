import { readSettings } from '@omnicloud/settings';
import { z } from 'zod';

/** Where the model is, and what opens it. */
export type ModelAccess =
  | {
      kind: 'bedrock';
      region: string;
      /** Another endpoint that speaks Bedrock's protocol. */
      baseUrl?: string;
      /** `chain`: the AWS SDK's standard chain finds the credentials; `none`: the endpoint wants no signature. */
      credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | 'chain' | 'none';
    }
  | { kind: 'anthropic'; apiKey: string; baseUrl?: string };

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
  /** How long the agent may work on one request, in ms. */
  turnLimitMs?: number;
  /** The bearer token that callers must show. */
  authToken: string;
  /** Environment variables of this process that the CLI needs to find the network and the AWS credential chain. */
  inherited: Readonly<Record<string, string>>;
}

const text = z.string().trim().min(1);
const optional = text.optional();
const url = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).optional();

/** Zod would leave out the rules between variables once a single variable is wrong. */
const ALSO_AFTER_OTHER_MISTAKES = { when: () => true };

const environmentSchema = z
  .object({
    CLAUDE_CODE_USE_BEDROCK: z.enum(['0', '1'], 'must be 1 or 0').optional(),
    AWS_REGION: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region such as us-east-1')
      .optional(),
    BEDROCK_ACCESS_KEY_ID: optional,
    BEDROCK_SECRET_ACCESS_KEY: optional,
    BEDROCK_SESSION_TOKEN: optional,
    ANTHROPIC_BEDROCK_BASE_URL: url,
    CLAUDE_CODE_SKIP_BEDROCK_AUTH: z.enum(['0', '1'], 'must be 1 or 0').default('0'),
    ANTHROPIC_API_KEY: optional,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_MODEL: optional,
    ANTHROPIC_DEFAULT_OPUS_MODEL: optional,
    ANTHROPIC_DEFAULT_SONNET_MODEL: optional,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: optional,
    AGENT_SHELL: z.enum(['on', 'off'], 'must be on or off').default('off'),
    TURN_LIMIT_SECONDS: z.coerce
      .number('must be a number of seconds')
      .min(1, 'must be at least 1')
      .max(86_400, 'must be at most 86400')
      .optional(),
    SDK_CLIENT_AUTH_TOKEN: z.string({ error: 'is required' }).min(16, 'must have at least 16 characters'),
  })
  .superRefine((env, context) => {
    const problem = (name: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [name], message });
    };
    if (!isBedrock(env) && env.ANTHROPIC_API_KEY === undefined) {
      problem('CLAUDE_CODE_USE_BEDROCK', 'must be 1, unless ANTHROPIC_API_KEY is set');
    }
    if (isBedrock(env) && env.AWS_REGION === undefined && env.ANTHROPIC_BEDROCK_BASE_URL === undefined) {
      problem('AWS_REGION', 'is required with CLAUDE_CODE_USE_BEDROCK=1');
    }
    if (env.BEDROCK_ACCESS_KEY_ID !== undefined && env.BEDROCK_SECRET_ACCESS_KEY === undefined) {
      problem('BEDROCK_SECRET_ACCESS_KEY', 'is required with BEDROCK_ACCESS_KEY_ID');
    }
    if (env.BEDROCK_SECRET_ACCESS_KEY !== undefined && env.BEDROCK_ACCESS_KEY_ID === undefined) {
      problem('BEDROCK_ACCESS_KEY_ID', 'is required with BEDROCK_SECRET_ACCESS_KEY');
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
  const inherited = inheritedFrom(environment);
  return {
    access: modelAccess(env, inherited),
    models: definedOnly({
      opus: env.ANTHROPIC_DEFAULT_OPUS_MODEL,
      sonnet: env.ANTHROPIC_DEFAULT_SONNET_MODEL,
      haiku: env.ANTHROPIC_DEFAULT_HAIKU_MODEL,
    }),
    ...definedOnly({ model: env.ANTHROPIC_MODEL }),
    isShellOn: env.AGENT_SHELL === 'on',
    ...(env.TURN_LIMIT_SECONDS === undefined ? {} : { turnLimitMs: env.TURN_LIMIT_SECONDS * 1_000 }),
    authToken: env.SDK_CLIENT_AUTH_TOKEN,
    inherited,
  };
}

/** The region only enters the signature when another endpoint is named, so it need not be. */
const REGION_OF_OTHER_ENDPOINTS = 'us-east-1';

function modelAccess(env: Environment, inherited: Readonly<Record<string, string>>): ModelAccess {
  if (!isBedrock(env)) {
    return {
      kind: 'anthropic',
      apiKey: env.ANTHROPIC_API_KEY ?? '',
      ...definedOnly({ baseUrl: env.ANTHROPIC_BASE_URL }),
    };
  }
  return {
    kind: 'bedrock',
    region: env.AWS_REGION ?? REGION_OF_OTHER_ENDPOINTS,
    ...definedOnly({ baseUrl: env.ANTHROPIC_BEDROCK_BASE_URL }),
    credentials: bedrockCredentials(
      env,
      Object.keys(inherited).some((name) => AWS_CHAIN.test(name)),
    ),
  };
}

function bedrockCredentials(
  env: Environment,
  hasChain: boolean,
): Extract<ModelAccess, { kind: 'bedrock' }>['credentials'] {
  if (env.CLAUDE_CODE_SKIP_BEDROCK_AUTH === '1') return 'none';
  const { BEDROCK_ACCESS_KEY_ID: accessKeyId, BEDROCK_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, ...definedOnly({ sessionToken: env.BEDROCK_SESSION_TOKEN }) };
  }
  // An endpoint of one's own without any credentials in sight is one that wants none.
  return env.ANTHROPIC_BEDROCK_BASE_URL === undefined || hasChain ? 'chain' : 'none';
}

/** Proxies and certificates the CLI needs to reach the model, and the places the AWS credential chain looks at. */
const INHERITED =
  /^(PATH|LANG|LC_ALL|TZ|SystemRoot|(HTTPS?|NO)_PROXY|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR)$/;
export const AWS_CHAIN =
  /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|BEARER_TOKEN_BEDROCK|WEB_IDENTITY_TOKEN_FILE|ROLE_ARN|ROLE_SESSION_NAME|CONTAINER_.*|EC2_METADATA_.*)$/;

function inheritedFrom(environment: NodeJS.ProcessEnv): Record<string, string> {
  const given = Object.entries(environment).filter(
    (entry): entry is [string, string] => (entry[1] ?? '') !== '',
  );
  const chosen = given.filter(([name]) => INHERITED.test(name) || AWS_CHAIN.test(name) || name === 'HOME');
  return Object.fromEntries(chosen);
}

function definedOnly<T extends Record<string, string | undefined>>(values: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}

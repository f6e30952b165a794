import { join } from 'node:path';
import { AWS_CHAIN, type AgentConfig, type ModelAccess } from '../config.ts';
import { PROJECT_DIRECTORY_NAME, type SessionHome } from '../session/session-home.ts';

/**
 * What every CLI process is told about itself (CLI 2.1.330).
 * Background work would outlive the turn and start turns of its own; a model call must fail in time to be retried by us.
 */
const BEHAVIOUR = {
  CLAUDE_CODE_PROJECT_DIR_NAME: PROJECT_DIRECTORY_NAME,
  CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
  CLAUDE_CODE_MAX_RETRIES: '3',
  API_TIMEOUT_MS: '120000',
  CLAUDE_ENABLE_BYTE_WATCHDOG: '1',
  CLAUDE_ENABLE_BYTE_WATCHDOG_BEDROCK: '1',
  CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS: '60000',
  ENABLE_TOOL_SEARCH: 'false',
  DISABLE_AUTOUPDATER: '1',
  DISABLE_TELEMETRY: '1',
  DISABLE_ERROR_REPORTING: '1',
};

/**
 * @returns the whole environment of the CLI process: a list of what it needs and nothing else of ours.
 * Its HOME is the session's own, so that `~` shows nothing of the host.
 */
export function cliEnvironment(config: AgentConfig, home: SessionHome): Record<string, string> {
  const { HOME: hostHome, ...inherited } = config.inherited;
  const plain = Object.fromEntries(Object.entries(inherited).filter(([name]) => !AWS_CHAIN.test(name)));
  const chain = Object.fromEntries(Object.entries(inherited).filter(([name]) => AWS_CHAIN.test(name)));
  return {
    ...plain,
    ...BEHAVIOUR,
    HOME: home.root,
    CLAUDE_CONFIG_DIR: home.config,
    CLAUDE_CODE_TMPDIR: home.temporary,
    ...named('ANTHROPIC_DEFAULT_OPUS_MODEL', config.models.opus),
    ...named('ANTHROPIC_DEFAULT_SONNET_MODEL', config.models.sonnet),
    ...named('ANTHROPIC_DEFAULT_HAIKU_MODEL', config.models.haiku),
    ...accessEnvironment(config.access, chain, hostHome),
  };
}

function accessEnvironment(
  access: ModelAccess,
  chain: Record<string, string>,
  hostHome: string | undefined,
): Record<string, string> {
  if (access.kind === 'anthropic') {
    return { ANTHROPIC_API_KEY: access.apiKey, ...named('ANTHROPIC_BASE_URL', access.baseUrl) };
  }
  return {
    CLAUDE_CODE_USE_BEDROCK: '1',
    AWS_REGION: access.region,
    // Without it the first model call waits for the list of inference profiles, up to 8 s when that hangs.
    CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST: '1',
    ...named('ANTHROPIC_BEDROCK_BASE_URL', access.baseUrl),
    ...bedrockCredentials(access.credentials, chain, hostHome),
  };
}

function bedrockCredentials(
  credentials: Extract<ModelAccess, { kind: 'bedrock' }>['credentials'],
  chain: Record<string, string>,
  hostHome: string | undefined,
): Record<string, string> {
  if (credentials === 'none') return { CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1' };
  if (credentials === 'chain') return { ...sharedAwsFiles(hostHome), ...chain };
  return {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...named('AWS_SESSION_TOKEN', credentials.sessionToken),
  };
}

/** The chain looks below HOME, which is the session's; so it is told where the host's files are. */
function sharedAwsFiles(hostHome: string | undefined): Record<string, string> {
  if (hostHome === undefined) return {};
  return {
    AWS_SHARED_CREDENTIALS_FILE: join(hostHome, '.aws', 'credentials'),
    AWS_CONFIG_FILE: join(hostHome, '.aws', 'config'),
  };
}

function named(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}

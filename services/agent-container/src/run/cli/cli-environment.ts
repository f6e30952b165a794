import type { AgentConfig } from '../../config.ts';
import type { ModelAccess } from '../../model-access.ts';
import { PROJECT_DIRECTORY_NAME, type SessionHome } from '../../session/home/session-home.ts';

/**
 * What every CLI process is told about itself (CLI 2.1.330).
 * Background work would outlive the turn and start turns of its own; a model call must fail in time to be retried by us.
 */
const BEHAVIOUR = {
  CLAUDE_CODE_PROJECT_DIR_NAME: PROJECT_DIRECTORY_NAME,
  CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
  CLAUDE_CODE_DISABLE_CRON: '1',
  CLAUDE_CODE_DISABLE_WORKFLOWS: '1',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
  CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
  CLAUDE_CODE_MAX_RETRIES: '3',
  // The model has declined for good: asked once more, it only costs more.
  CLAUDE_CODE_DISABLE_REFUSAL_RETRY: '1',
  // An answer that reaches it is continued three times. Without it, the CLI raises the limit to 128,000 for these; a model's own limit may be lower.
  CLAUDE_CODE_MAX_OUTPUT_TOKENS: '32000',
  // An MCP server that does not answer in time fails; otherwise every run waits 30 s for it, and a call of its tools for a day.
  MCP_TIMEOUT: '5000',
  MCP_TOOL_TIMEOUT: '120000',
  API_TIMEOUT_MS: '120000',
  CLAUDE_ENABLE_BYTE_WATCHDOG: '1',
  CLAUDE_ENABLE_BYTE_WATCHDOG_BEDROCK: '1',
  CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS: '60000',
  ENABLE_TOOL_SEARCH: 'false',
  DISABLE_AUTOUPDATER: '1',
  DISABLE_TELEMETRY: '1',
  DISABLE_ERROR_REPORTING: '1',
};

/** Anthropic's client insists on a key; the real one is the proxy's. */
const NO_KEY = 'held-by-the-model-proxy';

/**
 * @param modelUrl the base URL of the run's grant at the model proxy: all that the CLI knows of the model's access.
 * @returns the whole environment of the CLI process: a list of what it needs and nothing else of ours.
 * Its HOME is the run's own, so that `~` shows nothing of the host; caches are written there.
 */
export function cliEnvironment(
  config: AgentConfig,
  home: SessionHome,
  modelUrl: string,
): Record<string, string> {
  return {
    ...config.inherited,
    ...BEHAVIOUR,
    HOME: home.userHome,
    CLAUDE_CONFIG_DIR: home.config,
    CLAUDE_CODE_TMPDIR: home.temporary,
    ...named('ANTHROPIC_DEFAULT_OPUS_MODEL', config.models.opus),
    ...named('ANTHROPIC_DEFAULT_SONNET_MODEL', config.models.sonnet),
    ...named('ANTHROPIC_DEFAULT_HAIKU_MODEL', config.models.haiku),
    ...accessEnvironment(config.access, modelUrl),
  };
}

function accessEnvironment(access: ModelAccess, modelUrl: string): Record<string, string> {
  if (access.kind === 'anthropic') return { ANTHROPIC_API_KEY: NO_KEY, ANTHROPIC_BASE_URL: modelUrl };
  return {
    CLAUDE_CODE_USE_BEDROCK: '1',
    CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1',
    // Without it the first model call waits for the list of inference profiles, up to 8 s when that hangs.
    CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST: '1',
    AWS_REGION: access.region,
    ANTHROPIC_BEDROCK_BASE_URL: modelUrl,
  };
}

function named(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}

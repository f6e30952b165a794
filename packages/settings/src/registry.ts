// every variable that a program of this project reads: what it means, and what becomes of it in a deployment on AWS

/** What becomes of a setting of `.env` when the bot is deployed to AWS. */
type OnAws =
  /** It is handed over as this switch of the stack (`infra/src/switches.ts`). */
  | { readonly by: 'switch'; readonly switch: string }
  /** It is put into a secret of the deployment. */
  | { readonly by: 'secret' }
  /** The deployment gives its functions a value of its own. */
  | { readonly by: 'stack' }
  /** `npm run deploy` and its like use it themselves. */
  | { readonly by: 'command' }
  /** It has no meaning there. */
  | { readonly by: 'nothing'; readonly why: string };

export interface Setting {
  readonly meaning: string;
  /** Whether `npm start` reads it. */
  readonly isLocal: boolean;
  readonly onAws: OnAws;
}

/** What a message may cost when nobody says otherwise: more than usual, and less than an agent in a loop takes. In US dollars. */
export const DEFAULT_TURN_BUDGET_USD = 2;

const BY_SECRET: OnAws = { by: 'secret' };
const BY_STACK: OnAws = { by: 'stack' };
const BY_COMMAND: OnAws = { by: 'command' };

/** Read by `npm start`, and handed to a deployment as a switch. */
function carried(meaning: string, name: string): Setting {
  return { meaning, isLocal: true, onAws: { by: 'switch', switch: name } };
}

function secret(meaning: string): Setting {
  return { meaning, isLocal: true, onAws: BY_SECRET };
}

/** Read by `npm start`; a deployment has a value of its own. */
function replaced(meaning: string): Setting {
  return { meaning, isLocal: true, onAws: BY_STACK };
}

function localOnly(meaning: string, why: string): Setting {
  return { meaning, isLocal: true, onAws: { by: 'nothing', why } };
}

/** For the agent server's image and the functions alone. */
function ofImage(meaning: string, name?: string): Setting {
  return { meaning, isLocal: false, onAws: name === undefined ? BY_STACK : { by: 'switch', switch: name } };
}

function ofCommands(meaning: string): Setting {
  return { meaning, isLocal: false, onAws: BY_COMMAND };
}

const ONE_MACHINE = 'functions listen on no port and keep nothing on a disk';

/** By name. `.env.example` explains those of `npm start` and of the commands, docs/hosting.md those of the image. */
export const SETTINGS: Readonly<Record<string, Setting>> = {
  TELEGRAM_BOT_TOKEN: secret('the bot’s token'),
  ALLOWED_USERS: carried('who may use the bot', 'allowedUsers'),
  TELEGRAM_MODE: localOnly('how updates arrive', 'there, updates always arrive by webhook'),
  TELEGRAM_WEBHOOK_URL: localOnly(
    'where Telegram reaches this server',
    'there, the webhook has an address of its own',
  ),
  TELEGRAM_WEBHOOK_SECRET: replaced('what Telegram shows with each update'),
  TELEGRAM_API_ROOT: carried('the Bot API server', 'telegramApiRoot'),

  CLAUDE_CODE_USE_BEDROCK: carried('Claude on Bedrock', 'provider'),
  BEDROCK_REGION: carried('the region of Bedrock', 'bedrockRegion'),
  BEDROCK_ACCESS_KEY_ID: secret('keys of the account that has Bedrock'),
  BEDROCK_SECRET_ACCESS_KEY: secret('keys of the account that has Bedrock'),
  BEDROCK_SESSION_TOKEN: secret('keys of the account that has Bedrock'),
  BEDROCK_API_KEY: secret('a Bedrock API key'),
  AWS_BEARER_TOKEN_BEDROCK: secret('a Bedrock API key'),
  BEDROCK_SECRET_ARN: replaced('a secret with keys of Bedrock'),
  ANTHROPIC_BEDROCK_BASE_URL: carried('another endpoint of Bedrock’s protocol', 'modelBaseUrl'),
  CLAUDE_CODE_SKIP_BEDROCK_AUTH: localOnly('no signature', 'there, requests are always signed'),
  ANTHROPIC_API_KEY: secret('a key of Anthropic'),
  ANTHROPIC_SECRET_ARN: replaced('a secret with a key of Anthropic'),
  ANTHROPIC_BASE_URL: carried('another endpoint of Anthropic’s protocol', 'modelBaseUrl'),
  ANTHROPIC_MODEL: carried('the model that answers', 'model'),
  ANTHROPIC_DEFAULT_OPUS_MODEL: carried('the model behind opus', 'opusModel'),
  ANTHROPIC_DEFAULT_SONNET_MODEL: carried('the model behind sonnet', 'sonnetModel'),
  ANTHROPIC_DEFAULT_HAIKU_MODEL: carried('the model behind haiku', 'haikuModel'),
  TURN_TOKEN_LIMIT: carried('tokens that one message may use', 'turnTokenLimit'),
  TURN_BUDGET_USD: carried('dollars that one message may use', 'turnBudgetUsd'),

  AGENT_SHELL: carried('whether the agent may run commands', 'shell'),
  AGENT_NETWORK: carried('whether these commands have a network', 'network'),
  TURN_LIMIT_SECONDS: carried('how long one request may be worked on', 'turnLimitSeconds'),
  WORKSPACE_LIMIT_MB: carried('how much of a workspace is saved', 'workspaceLimitMb'),
  WORKSPACE_LIMIT_FILES: carried('how many files of a workspace are saved', 'workspaceLimitFiles'),
  RUN_DISK_MB: carried('what one run may take of the disk', 'runDiskMb'),
  MIN_FREE_DISK_MB: carried('how little may be free before a run is ended', 'minFreeDiskMb'),
  RUN_MEMORY_MB: carried('how much memory the commands of one turn may use', 'runMemoryMb'),
  RUN_PROCESSES: carried('how many processes and threads they may be', 'runProcesses'),
  RUN_FILE_MB: carried('how large a file they may write', 'runFileMb'),
  MAX_CONTINUATIONS: carried('how often a turn may go on', 'maxContinuations'),
  MAX_PARALLEL_TURNS: carried('how many turns run side by side', 'concurrency'),
  SDK_CLIENT_AUTH_TOKEN: replaced('the token between the tiers'),
  AGENT_SERVER_AUTH_TOKEN: replaced('the token between the tiers, by its name at the client'),
  AGENT_SERVER_URL: replaced('an agent server elsewhere'),

  PORT: localOnly('the port', ONE_MACHINE),
  HOST: localOnly('the address', ONE_MACHINE),
  PAGE_PASSWORD: localOnly('the password of the chat page', 'there is no page'),
  DATA_DIR: localOnly('where everything is kept', ONE_MACHINE),
  STORE: localOnly('which stores', 'there, the stores are always S3, DynamoDB and SQS'),
  SESSION_BUCKET: replaced('the bucket of sessions'),
  SESSION_TABLE: replaced('the table of sessions'),
  QUEUE_URL: replaced('the queue of turns'),
  ASIDE_QUEUE_URL: replaced('the queue of commands that touch no session'),
  DEAD_LETTER_QUEUE_URL: replaced('the queue of dead letters'),
  AWS_REGION: replaced('the region of the stores and of the bot on AWS'),
  AWS_ENDPOINT_URL: localOnly('other servers than AWS’s', 'functions use AWS’s own'),
  AWS_ENDPOINT_URL_S3: localOnly('another server than S3', 'functions use AWS’s own'),

  WORK_ROOT: ofImage('where sessions are laid out'),
  AGENT_FOLDER: ofImage('the agent’s own folder'),
  CORS_ORIGINS: ofImage('whose pages may call the agent server', 'corsOrigins'),
  SERVICE_TOKEN_SECRET_ARN: ofImage('the secret with the token between the tiers'),
  POWERTOOLS_SERVICE_NAME: ofImage('the name in log lines and measurements'),
  WEBHOOK_SECRET_ARN: ofImage('the secret with what Telegram shows'),
  TELEGRAM_BOT_TOKEN_SECRET_ARN: ofImage('the secret with the bot’s token'),
  TELEGRAM_BOT_USERNAME: ofImage('the bot’s name', 'botUsername'),

  CDK_DOCKER: ofCommands('the program that builds images'),
  AWS_PROFILE: ofCommands('the AWS profile'),
};

/** @returns the settings that are handed over as switches: switch by setting. */
export function carriedSettings(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(SETTINGS).flatMap(([name, { onAws }]) =>
      onAws.by === 'switch' ? [[name, onAws.switch]] : [],
    ),
  );
}

const DEPLOYMENTS_OWN = 'the deployment has its own';

/** @returns one line for each setting that is given and has no effect on AWS, with the reason. */
export function unusedOnAws(given: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(SETTINGS).flatMap(([name, { onAws, isLocal }]) => {
    // The region is used by whoever deploys.
    if (name === 'AWS_REGION' || !isLocal || (given[name]?.trim() ?? '') === '') return [];
    if (onAws.by === 'nothing') return [`${name} is not used on AWS: ${onAws.why}`];
    return onAws.by === 'stack' ? [`${name} is not used on AWS: ${DEPLOYMENTS_OWN}`] : [];
  });
}

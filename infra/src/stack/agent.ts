// image → function, one environment per conversation or shared
import { Size } from 'aws-cdk-lib';
import {
  Alias,
  Architecture,
  DockerImageFunction,
  type DockerImageCode,
  type IFunction,
  LoggingFormat,
  TenancyConfig,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { DeploymentSecrets } from './deployment-secrets.ts';
import { ITEM_KEYS } from './item-keys.ts';
import { AGENT_TIMEOUT } from './limits.ts';
import { ServiceRole } from './service-role.ts';
import { INBOX_OBJECTS, KEY_OBJECTS, type SessionStorage } from './session-storage.ts';
import type { Switches } from '../switches.ts';

/** What is saved of a workspace unless a switch says otherwise, in MB. */
const WORKSPACE_MB = 256;
const DISK_MB = { least: 2_048, most: 10_240 };

/** The workspace, its archive, the transcript, and the same again while it is restored: eight times what is saved of it. */
function ephemeralStorage({ workspaceLimitMb = WORKSPACE_MB }: Switches): Size {
  return Size.mebibytes(Math.min(DISK_MB.most, Math.max(DISK_MB.least, Math.ceil(8 * workspaceLimitMb))));
}

export interface AgentProps {
  readonly image: DockerImageCode;
  readonly storage: SessionStorage;
  readonly secrets: DeploymentSecrets;
  readonly switches: Switches;
  /** Tells this deployment's log lines from another's. */
  readonly meterName: string;
}

/**
 * The agent server in its image. Its role has no permission of Bedrock: the model is another account's, behind that account's keys, or Anthropic's. It may
 * write what belongs to sessions: their objects, their leases, their mappings.
 */
export class Agent extends Construct {
  readonly function: DockerImageFunction;
  readonly permissions: ServiceRole;
  /** What is to be invoked: the function, or the version that is kept warm. */
  readonly target: IFunction;

  constructor(scope: Construct, id: string, { image, storage, secrets, switches, meterName }: AgentProps) {
    super(scope, id);
    this.permissions = new ServiceRole(this, 'Permissions', switches.logDays);
    // Lambda fixes the isolation when a function is made, so another one takes another function.
    const functionId = switches.isolation === 'tenant' ? 'Function' : 'SharedFunction';
    this.function = new DockerImageFunction(this, functionId, {
      code: image,
      description: 'Agent server: restores a session, runs the agent, saves the session',
      architecture: Architecture.ARM_64,
      memorySize: switches.memory,
      timeout: AGENT_TIMEOUT,
      ephemeralStorageSize: ephemeralStorage(switches),
      role: this.permissions.role,
      logGroup: this.permissions.logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
      ...(switches.isolation === 'tenant' ? { tenancyConfig: TenancyConfig.PER_TENANT } : {}),
      environment: {
        SESSION_BUCKET: storage.bucket.bucketName,
        SESSION_TABLE: storage.table.tableName,
        SERVICE_TOKEN_SECRET_ARN: secrets.serviceToken.secretArn,
        ...providerEnvironment(switches, secrets.bedrockKeys.secretArn),
        AGENT_SHELL: switches.shell,
        AGENT_NETWORK: switches.network,
        POWERTOOLS_SERVICE_NAME: meterName,
        ...agentEnvironment(switches),
        ...(switches.corsOrigins.length > 0 ? { CORS_ORIGINS: switches.corsOrigins.join(',') } : {}),
      },
    });
    this.#permit(storage, secrets);
    this.target =
      switches.provisionedConcurrency > 0
        ? new Alias(this, 'Warm', {
            aliasName: 'warm',
            version: this.function.currentVersion,
            provisionedConcurrentExecutions: switches.provisionedConcurrency,
          })
        : this.function;
  }

  #permit({ bucket, table }: SessionStorage, secrets: DeploymentSecrets): void {
    const { permissions } = this;
    permissions.allowSecret(secrets.bedrockKeys);
    permissions.allowSecret(secrets.serviceToken);
    permissions.allow(
      ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'],
      bucket.arnForObjects('sessions/*'),
    );
    permissions.allow(['s3:GetObject', 's3:PutObject'], bucket.arnForObjects(KEY_OBJECTS));
    permissions.allow(['s3:GetObject'], bucket.arnForObjects(INBOX_OBJECTS));
    // No condition on the prefix: a GetObject has none, and without this permission S3 calls a missing object forbidden.
    permissions.allow(['s3:ListBucket'], bucket.bucketArn);
    const { tableArn } = table;
    permissions.allowItems(['dynamodb:GetItem', 'dynamodb:UpdateItem'], tableArn, ITEM_KEYS.conversations);
    permissions.allowItems(['dynamodb:UpdateItem'], tableArn, ITEM_KEYS.leases);
    permissions.allowItems(['dynamodb:GetItem'], tableArn, ITEM_KEYS.stops);
  }
}

/** The one secret holds what opens the provider that was chosen. */
function providerEnvironment(
  { provider, bedrockRegion, modelBaseUrl }: Switches,
  secretArn: string,
): Record<string, string> {
  if (provider === 'anthropic') {
    return {
      CLAUDE_CODE_USE_BEDROCK: '0',
      ANTHROPIC_SECRET_ARN: secretArn,
      ...(modelBaseUrl === undefined ? {} : { ANTHROPIC_BASE_URL: modelBaseUrl }),
    };
  }
  return {
    CLAUDE_CODE_USE_BEDROCK: '1',
    BEDROCK_SECRET_ARN: secretArn,
    BEDROCK_REGION: bedrockRegion,
    ...(modelBaseUrl === undefined ? {} : { ANTHROPIC_BEDROCK_BASE_URL: modelBaseUrl }),
  };
}

function agentEnvironment(switches: Switches): Record<string, string> {
  const { model, opusModel, sonnetModel, haikuModel, turnBudgetUsd, turnTokenLimit } = switches;
  const chosen = {
    ANTHROPIC_MODEL: model,
    ANTHROPIC_DEFAULT_OPUS_MODEL: opusModel,
    ANTHROPIC_DEFAULT_SONNET_MODEL: sonnetModel,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: haikuModel,
    TURN_BUDGET_USD: turnBudgetUsd.toString(),
    TURN_TOKEN_LIMIT: turnTokenLimit?.toString(),
    TURN_LIMIT_SECONDS: switches.turnLimitSeconds?.toString(),
    WORKSPACE_LIMIT_MB: switches.workspaceLimitMb?.toString(),
    WORKSPACE_LIMIT_FILES: switches.workspaceLimitFiles?.toString(),
    RUN_MEMORY_MB: switches.runMemoryMb?.toString(),
    RUN_PROCESSES: switches.runProcesses?.toString(),
    RUN_FILE_MB: switches.runFileMb?.toString(),
    RUN_DISK_MB: switches.runDiskMb?.toString(),
    MIN_FREE_DISK_MB: switches.minFreeDiskMb?.toString(),
  };
  return Object.fromEntries(
    Object.entries(chosen).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

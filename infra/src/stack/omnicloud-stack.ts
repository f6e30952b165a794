// Telegram → webhook → queue → worker → agent API → agent → sessions
import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { DockerImageCode } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { Agent } from './agent.ts';
import { AgentApi } from './agent-api.ts';
import { AuthorizerFunction } from './authorizer-function.ts';
import { DeploymentSecrets } from './deployment-secrets.ts';
import { Operations } from '../operations/operations.ts';
import type { Program } from './service-function.ts';
import { SessionStorage } from './session-storage.ts';
import type { Switches } from '../switches.ts';
import { TurnQueues } from './turn-queues.ts';
import { Webhook } from './webhook.ts';
import { Worker } from './worker.ts';

/** What the functions run; made before the stack is. */
export interface Artifacts {
  readonly webhook: Program;
  readonly worker: Program;
  readonly authorizer: Program;
  readonly agentImage: DockerImageCode;
}

/** One deployment. Nothing in it has a fixed name, so an account may hold several. */
export class OmniCloudStack extends Stack {
  readonly storage: SessionStorage;
  readonly secrets: DeploymentSecrets;
  readonly queues: TurnQueues;
  readonly webhook: Webhook;
  readonly worker: Worker;
  readonly agent: Agent;
  readonly authorizer: AuthorizerFunction;
  readonly agentApi: AgentApi;
  readonly operations: Operations;

  constructor(scope: Construct, switches: Switches, artifacts: Artifacts) {
    super(scope, switches.deployment, { description: 'OmniCloud Agent: a Claude agent in Telegram' });
    const { logDays } = switches;
    const meterName = this.stackName;
    this.storage = new SessionStorage(this, 'Storage', switches);
    this.secrets = new DeploymentSecrets(this, 'Secrets');
    this.queues = new TurnQueues(this, 'Queues');
    const { storage, secrets, queues } = this;
    this.agent = new Agent(this, 'Agent', {
      image: artifacts.agentImage,
      storage,
      secrets,
      switches,
      meterName,
    });
    this.authorizer = new AuthorizerFunction(this, 'Authorizer', {
      program: artifacts.authorizer,
      secrets,
      logDays,
    });
    this.agentApi = new AgentApi(this, 'AgentApi', {
      target: this.agent.target,
      authorizer: this.authorizer.service.function,
      isIsolated: switches.isolation === 'tenant',
      corsOrigins: switches.corsOrigins,
    });
    this.worker = new Worker(this, 'Worker', {
      program: artifacts.worker,
      storage,
      queues,
      secrets,
      agentUrl: this.agentApi.url,
      allowedUsers: switches.allowedUsers,
      maxContinuations: switches.maxContinuations,
      telegramApiRoot: switches.telegramApiRoot,
      concurrency: switches.concurrency,
      logDays,
      meterName,
    });
    this.webhook = new Webhook(this, 'Webhook', {
      program: artifacts.webhook,
      storage,
      queues,
      secrets,
      allowedUsers: switches.allowedUsers,
      botUsername: switches.botUsername,
      concurrency: switches.concurrency,
      logDays,
      meterName,
    });
    this.operations = new Operations(this, 'Operations', {
      switches,
      watched: {
        meterName,
        dailyBudgetUsd: switches.dailyBudgetUsd,
        webhook: this.webhook.service.function,
        worker: this.worker.service.function,
        agent: this.agent.function,
        authorizer: this.authorizer.service.function,
        webhookApi: this.webhook.api,
        agentApi: this.agentApi.api,
        turns: queues.turns,
        asides: queues.asides,
        deadLetters: queues.deadLetters,
        table: storage.table,
      },
    });
    this.#tell(switches);
  }

  /** What `npm run deploy` and its like need to know; the secrets only by their names. */
  #tell(switches: Switches): void {
    const told = {
      WebhookUrl: this.webhook.url,
      AgentUrl: this.agentApi.url,
      BucketName: this.storage.bucket.bucketName,
      TableName: this.storage.table.tableName,
      QueueUrl: this.queues.turns.queueUrl,
      DeadLetterQueueUrl: this.queues.deadLetters.queueUrl,
      BotTokenSecretArn: this.secrets.botToken.secretArn,
      BedrockKeysSecretArn: this.secrets.bedrockKeys.secretArn,
      WebhookSecretArn: this.secrets.webhookSecret.secretArn,
      ServiceTokenSecretArn: this.secrets.serviceToken.secretArn,
      WebhookLogs: this.webhook.service.permissions.logGroup.logGroupName,
      WorkerLogs: this.worker.service.permissions.logGroup.logGroupName,
      AgentLogs: this.agent.permissions.logGroup.logGroupName,
      AlarmTopicArn: this.operations.topic.topicArn,
      Switches: JSON.stringify(switches),
    };
    for (const [name, value] of Object.entries(told)) new CfnOutput(this, name, { value });
  }
}

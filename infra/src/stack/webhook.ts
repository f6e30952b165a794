// POST /webhook → HTTP API → function → queue
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { DeploymentSecrets } from './deployment-secrets.ts';
import { ITEM_KEYS } from './item-keys.ts';
import { WEBHOOK_TIMEOUT } from './limits.ts';
import { retentionOf } from './log-retention.ts';
import { type Program, ServiceFunction } from './service-function.ts';
import type { SessionStorage } from './session-storage.ts';
import type { Switches } from '../switches.ts';
import type { TurnQueues } from './turn-queues.ts';

/** Telegram opens at most 100 connections to one webhook; more than this is not Telegram. Per second. */
const REQUESTS_PER_SECOND = 50;
const BURST = 100;
const MEMORY_MB = 256;

/** Nothing of the request's content, and of its headers nothing: one of them is the secret. */
const ACCESS_LOG_FORMAT = AccessLogFormat.jsonWithStandardFields({
  caller: false,
  httpMethod: true,
  ip: true,
  protocol: true,
  requestTime: true,
  resourcePath: true,
  responseLength: true,
  status: true,
  user: false,
});

export interface WebhookProps {
  readonly program: Program;
  readonly storage: SessionStorage;
  readonly queues: TurnQueues;
  readonly secrets: DeploymentSecrets;
  readonly allowedUsers: string;
  /** Without `@`; commands to another bot in a group are told apart by it. */
  readonly botUsername: string | undefined;
  /** How many turns run side by side at most: who waits for one of these places is told so. */
  readonly concurrency: number;
  readonly logDays: Switches['logDays'];
  /** Tells this deployment's log lines from another's. */
  readonly meterName: string;
}

/** Where Telegram's updates arrive. It may queue a turn, show it as waiting and ask a running one to stop; it can read no conversation. */
export class Webhook extends Construct {
  readonly service: ServiceFunction;
  readonly api: HttpApi;
  readonly url: string;

  constructor(scope: Construct, id: string, { program, storage, queues, secrets, ...props }: WebhookProps) {
    super(scope, id);
    this.service = new ServiceFunction(this, 'Service', {
      ...program,
      description: 'Telegram webhook: checks the secret, queues the turn',
      memoryMb: MEMORY_MB,
      timeout: WEBHOOK_TIMEOUT,
      logDays: props.logDays,
      environment: {
        SESSION_TABLE: storage.table.tableName,
        QUEUE_URL: queues.turns.queueUrl,
        ASIDE_QUEUE_URL: queues.asides.queueUrl,
        ALLOWED_USERS: props.allowedUsers,
        WEBHOOK_SECRET_ARN: secrets.webhookSecret.secretArn,
        MAX_PARALLEL_TURNS: String(props.concurrency),
        POWERTOOLS_SERVICE_NAME: props.meterName,
        ...(props.botUsername === undefined ? {} : { TELEGRAM_BOT_USERNAME: props.botUsername }),
      },
    });
    const { permissions } = this.service;
    for (const { queueArn } of [queues.turns, queues.asides])
      permissions.allow(['sqs:SendMessage'], queueArn);
    // How many messages wait, and none of them.
    permissions.allow(['sqs:GetQueueAttributes'], queues.turns.queueArn);
    permissions.allowSecret(secrets.webhookSecret);
    const { tableArn } = storage.table;
    permissions.allowItems(['dynamodb:GetItem', 'dynamodb:UpdateItem'], tableArn, ITEM_KEYS.backlogs);
    permissions.allowItems(['dynamodb:UpdateItem'], tableArn, ITEM_KEYS.stops);
    this.api = new HttpApi(this, 'Api', {
      apiName: `${Stack.of(this).stackName}-webhook`,
      createDefaultStage: false,
    });
    this.api.addRoutes({
      path: '/webhook',
      methods: [HttpMethod.POST],
      integration: new HttpLambdaIntegration('Integration', this.service.function),
    });
    const stage = this.#stage(props.logDays);
    this.url = `${stage.url}webhook`;
  }

  #stage(logDays: Switches['logDays']): HttpStage {
    const logs = new LogGroup(this, 'AccessLogs', {
      retention: retentionOf(logDays),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    return new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: REQUESTS_PER_SECOND, burstLimit: BURST },
      accessLogSettings: { destination: new LogGroupLogDestination(logs), format: ACCESS_LOG_FORMAT },
    });
  }
}

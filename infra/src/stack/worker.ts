// queue → function → agent server, Telegram
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import type { DeploymentSecrets } from './deployment-secrets.ts';
import { ITEM_KEYS } from './item-keys.ts';
import { WORKER_TIMEOUT } from './limits.ts';
import { type Program, ServiceFunction } from './service-function.ts';
import { INBOX_OBJECTS, type SessionStorage, TURN_OBJECTS } from './session-storage.ts';
import type { Switches } from '../switches.ts';
import type { TurnQueues } from './turn-queues.ts';

/** It waits for streams nearly all of its time; what it needs is what Node with its libraries takes. */
const MEMORY_MB = 256;

/** Commands that touch no session have environments of their own; the fewest that Lambda takes. They last no second. */
const ASIDES_AT_ONCE = 2;

export interface WorkerProps {
  readonly program: Program;
  readonly storage: SessionStorage;
  readonly queues: TurnQueues;
  readonly secrets: DeploymentSecrets;
  readonly agentUrl: string;
  /** As the webhook has them; the first of them is the owner. */
  readonly allowedUsers: string;
  readonly maxContinuations: number;
  /** Another Bot API server. */
  readonly telegramApiRoot: string | undefined;
  /** How many turns run side by side at most. */
  readonly concurrency: number;
  readonly logDays: Switches['logDays'];
  /** The `service` dimension of this deployment's measurements. */
  readonly meterName: string;
}

/** Takes one turn at a time from the queue, asks the agent and answers in the chat. It can touch no session's lease and none of its objects. */
export class Worker extends Construct {
  readonly service: ServiceFunction;

  constructor(scope: Construct, id: string, { program, storage, queues, secrets, ...props }: WorkerProps) {
    super(scope, id);
    this.service = new ServiceFunction(this, 'Service', {
      ...program,
      description: 'Turns from the queue: asks the agent server, answers in Telegram',
      memoryMb: MEMORY_MB,
      timeout: WORKER_TIMEOUT,
      logDays: props.logDays,
      environment: {
        SESSION_TABLE: storage.table.tableName,
        ALLOWED_USERS: props.allowedUsers,
        SESSION_BUCKET: storage.bucket.bucketName,
        QUEUE_URL: queues.turns.queueUrl,
        ASIDE_QUEUE_URL: queues.asides.queueUrl,
        DEAD_LETTER_QUEUE_URL: queues.deadLetters.queueUrl,
        AGENT_SERVER_URL: props.agentUrl,
        TELEGRAM_BOT_TOKEN_SECRET_ARN: secrets.botToken.secretArn,
        SERVICE_TOKEN_SECRET_ARN: secrets.serviceToken.secretArn,
        MAX_CONTINUATIONS: String(props.maxContinuations),
        POWERTOOLS_SERVICE_NAME: props.meterName,
        ...(props.telegramApiRoot === undefined ? {} : { TELEGRAM_API_ROOT: props.telegramApiRoot }),
      },
    });
    const { permissions } = this.service;
    permissions.allow(['sqs:SendMessage'], queues.deadLetters.queueArn);
    // An answer that its chat refuses becomes a turn of its own.
    permissions.allow(['sqs:SendMessage'], queues.turns.queueArn);
    // Files of users, for the agent server to fetch: it can read none of them back.
    permissions.allow(['s3:PutObject'], storage.bucket.arnForObjects(INBOX_OBJECTS));
    permissions.allow(
      ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'],
      storage.bucket.arnForObjects(TURN_OBJECTS),
    );
    permissions.allowSecret(secrets.botToken);
    permissions.allowSecret(secrets.serviceToken);
    const { tableArn } = storage.table;
    // It puts one where a group has become a supergroup, which goes on with the group's session.
    permissions.allowItems(
      ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem'],
      tableArn,
      ITEM_KEYS.conversations,
    );
    permissions.allowItems(['dynamodb:GetItem', 'dynamodb:PutItem'], tableArn, ITEM_KEYS.turns);
    permissions.allowItems(['dynamodb:GetItem', 'dynamodb:UpdateItem'], tableArn, ITEM_KEYS.backlogs);
    permissions.allowItems(['dynamodb:GetItem'], tableArn, ITEM_KEYS.stops);
    // A turn may take 15 minutes: a second one in the same batch would wait for it, and its visibility end meanwhile.
    for (const [queue, maxConcurrency] of [
      [queues.turns, props.concurrency],
      [queues.asides, ASIDES_AT_ONCE],
    ] as const)
      this.service.function.addEventSource(
        new SqsEventSource(queue, { batchSize: 1, reportBatchItemFailures: true, maxConcurrency }),
      );
  }
}

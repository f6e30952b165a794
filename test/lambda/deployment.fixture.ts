import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { inject } from 'vitest';
import { BOT_TOKEN, PERSON, WEBHOOK_SECRET } from '../fakes/telegram-server.ts';

const SERVICE_TOKEN = 'lambda-test-service-token';
const CONNECTION = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

/** What one deployment of the stack has in AWS. */
export interface Deployment {
  readonly bucket: string;
  readonly table: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** The names of its secrets. */
  readonly secrets: Readonly<Record<'botToken' | 'webhookSecret' | 'serviceToken' | 'bedrockKeys', string>>;
  /** Where the AWS SDK finds it all. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Gives a secret another value, as a rotation does. */
  rotate(secret: keyof Deployment['secrets'], value: string): Promise<void>;
  /** @returns the next message, as an event source receives it; undefined when there is none. */
  receive(): Promise<Message | undefined>;
}

export async function createDeployment(): Promise<Deployment> {
  const endpoint = inject('moto');
  const s3 = new S3Client({ ...CONNECTION, endpoint, forcePathStyle: true });
  const sqs = new SQSClient({ ...CONNECTION, endpoint });
  const manager = new SecretsManagerClient({ ...CONNECTION, endpoint });
  const dynamo = new DynamoDBClient({ ...CONNECTION, endpoint: inject('dynamodb') });
  const name = `lambda-${randomUUID()}`;
  const queue = async (kind: string): Promise<string> => {
    const Attributes = { FifoQueue: 'true' };
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: `${name}-${kind}.fifo`, Attributes }),
    );
    return QueueUrl ?? '';
  };
  const secret = async (kind: string, SecretString: string): Promise<string> => {
    const { ARN } = await manager.send(new CreateSecretCommand({ Name: `${name}-${kind}`, SecretString }));
    return ARN ?? '';
  };
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  await dynamo.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'session_key', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'session_key', KeyType: 'HASH' }],
    }),
  );
  const queueUrl = await queue('turns');
  const bedrockKeys = {
    AWS_ACCESS_KEY_ID: 'AKIAOTHERACCOUNT',
    AWS_SECRET_ACCESS_KEY: 'other-account-secret',
  };
  const secrets = {
    botToken: await secret('bot', BOT_TOKEN),
    webhookSecret: await secret('webhook', WEBHOOK_SECRET),
    serviceToken: await secret('service', SERVICE_TOKEN),
    bedrockKeys: await secret('bedrock', JSON.stringify(bedrockKeys)),
  };
  return {
    bucket: name,
    table: name,
    queueUrl,
    deadLetterQueueUrl: await queue('dead'),
    secrets,
    endpoints: { AWS_ENDPOINT_URL: endpoint, AWS_ENDPOINT_URL_DYNAMODB: inject('dynamodb') },
    rotate: async (kind, SecretString) => {
      await manager.send(new PutSecretValueCommand({ SecretId: secrets[kind], SecretString }));
    },
    receive: async () => {
      const { Messages: [message] = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 1,
          MessageSystemAttributeNames: ['All'],
        }),
      );
      return message;
    },
  };
}

/** @returns what the webhook is given in this deployment. */
export function webhookEnvironment(deployment: Deployment): Record<string, string> {
  return {
    ...commonEnvironment(deployment),
    WEBHOOK_SECRET_ARN: deployment.secrets.webhookSecret,
  };
}

/** @returns what the worker is given; nobody answers at its agent server. */
export function workerEnvironment(deployment: Deployment, apiRoot: string): Record<string, string> {
  return {
    ...commonEnvironment(deployment),
    DEAD_LETTER_QUEUE_URL: deployment.deadLetterQueueUrl,
    SESSION_BUCKET: deployment.bucket,
    AGENT_SERVER_URL: 'http://127.0.0.1:9',
    TELEGRAM_BOT_TOKEN_SECRET_ARN: deployment.secrets.botToken,
    SERVICE_TOKEN_SECRET_ARN: deployment.secrets.serviceToken,
    TELEGRAM_API_ROOT: apiRoot,
  };
}

function commonEnvironment({ table, queueUrl, endpoints }: Deployment): Record<string, string> {
  return {
    SESSION_TABLE: table,
    ALLOWED_USERS: String(PERSON),
    QUEUE_URL: queueUrl,
    POWERTOOLS_SERVICE_NAME: 'test-deployment',
    ...endpoints,
  };
}

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoSessionLeases, S3SessionStore } from '@omnicloud/agent-container';
import {
  DynamoBacklog,
  DynamoTurnLedger,
  S3AttachmentStore,
  S3SpilledRecords,
  SpillingTurnLedger,
  SqsTurnQueue,
} from '@omnicloud/sdk-client';
import { DynamoSessionTable, DynamoStopRequests } from '@omnicloud/storage';
import { ConfigError } from '@omnicloud/settings';
import { z } from 'zod';
import type { AwsQueueConfig, AwsStoreConfig } from '../config.ts';
import type { Log } from '../log.ts';
import { type QueueTiming, type Stores, withLeftover } from './stores.ts';

/** A receive that is cut off when we stop; shorter than people wait for a program to end. */
const WAIT_SECONDS = 5;
/** A turn whose worker was killed is given out again after this. In ms. */
const VISIBILITY_MS = 15_000;
/** Nothing waits for ever on an address where nobody answers, in ms; of a receive, `WAIT_SECONDS` are its own. */
const QUEUE_TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 15_000, throwOnRequestTimeout: true };
const redrivePolicy = z.object({ deadLetterTargetArn: z.string() });

type SqsOptions = ConstructorParameters<typeof SqsTurnQueue>[0];
type QueueOptions = Pick<SqsOptions, 'onError'> & QueueTiming;

/**
 * Opens the AWS stores. Where they are (`AWS_REGION`, `AWS_ENDPOINT_URL*`) and what opens them is the AWS SDK's own to find.
 * @throws ConfigError when the queue has no dead-letter queue; the SDK's error when the queue cannot be asked for it.
 */
export async function openAwsStores(
  config: AwsStoreConfig,
  log: Log,
  timing: QueueTiming = {},
): Promise<Stores> {
  const sqs = await openAwsQueue(config, {
    onError: (error, turn) => log.error(`Queue${turn ? `, update ${turn.update_id}` : ''}`, error),
    ...timing,
  });
  const dynamo = new DynamoDBClient();
  // Path style: another S3 server has no DNS name for each bucket.
  const s3 = new S3Client({ forcePathStyle: config.hasOtherEndpoint });
  const table = { client: dynamo, tableName: config.table };
  return {
    objects: new S3SessionStore({ client: s3, bucket: config.bucket }),
    attachments: new S3AttachmentStore({ client: s3, bucket: config.bucket }),
    leases: new DynamoSessionLeases(table),
    table: new DynamoSessionTable(table),
    stops: new DynamoStopRequests(table),
    ledger: new SpillingTurnLedger({
      ledger: new DynamoTurnLedger(table),
      records: new S3SpilledRecords({ client: s3, bucket: config.bucket }),
      onLeftover: withLeftover(log),
    }),
    backlog: new DynamoBacklog(table),
    queue: sqs.queue,
    close: () => {
      for (const client of [s3, dynamo]) client.destroy();
      sqs.close();
    },
  };
}

/**
 * Opens the queue and nothing else.
 * @throws as `openAwsStores` does.
 */
export async function openAwsQueue(
  { queueUrl, asideQueueUrl, deadLetterQueueUrl }: AwsQueueConfig,
  options: QueueOptions,
): Promise<{ queue: SqsTurnQueue; close: () => void }> {
  const client = new SQSClient({ requestHandler: QUEUE_TIMEOUTS });
  try {
    const queue = new SqsTurnQueue({
      client,
      queueUrl,
      asideQueueUrl,
      deadLetterQueueUrl: deadLetterQueueUrl ?? (await deadLetterQueueOf(client, queueUrl)),
      waitSeconds: WAIT_SECONDS,
      visibilityMs: VISIBILITY_MS,
      ...options,
    });
    return { queue, close: () => client.destroy() };
  } catch (error) {
    client.destroy();
    throw error;
  }
}

/** The queue itself names its dead-letter queue. */
async function deadLetterQueueOf(client: SQSClient, queueUrl: string): Promise<string> {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['RedrivePolicy'] }),
  );
  const policy = redrivePolicy.safeParse(JSON.parse(Attributes?.RedrivePolicy ?? '{}'));
  const name = policy.data?.deadLetterTargetArn.split(':').at(-1);
  if (name === undefined) {
    throw new ConfigError([
      'DEAD_LETTER_QUEUE_URL is required: the queue of QUEUE_URL has no redrive policy that names one',
    ]);
  }
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
  if (QueueUrl === undefined)
    throw new ConfigError([`DEAD_LETTER_QUEUE_URL is required: there is no queue ${name}`]);
  return QueueUrl;
}

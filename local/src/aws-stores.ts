import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoSessionLeases, S3SessionStore } from '@omnicloud/agent-container';
import { DynamoTurnLedger, SqsTurnQueue } from '@omnicloud/sdk-client';
import { DynamoSessionTable, DynamoStopRequests } from '@omnicloud/session-table';
import { ConfigError } from '@omnicloud/settings';
import { z } from 'zod';
import type { AwsStoreConfig } from './config.ts';
import type { Log } from './log.ts';
import type { Stores } from './stores.ts';

/** A receive that is cut off when we stop; shorter than people wait for a program to end. */
const WAIT_SECONDS = 5;
/** A turn whose worker was killed is given out again after this. In ms. */
const VISIBILITY_MS = 15_000;
const redrivePolicy = z.object({ deadLetterTargetArn: z.string() });

/**
 * Opens the AWS stores. Where they are (`AWS_REGION`, `AWS_ENDPOINT_URL*`) and what opens them is the AWS SDK's own to find.
 * @throws ConfigError when the queue has no dead-letter queue; the SDK's error when the queue cannot be asked for it.
 */
export async function openAwsStores(
  config: AwsStoreConfig,
  log: Log,
  retryDelayMs?: (attempt: number) => number,
): Promise<Stores> {
  const dynamo = new DynamoDBClient();
  // Path style: another S3 server has no DNS name for each bucket.
  const s3 = new S3Client({ forcePathStyle: config.hasOtherEndpoint });
  const sqs = new SQSClient();
  const table = { client: dynamo, tableName: config.table };
  const queue = new SqsTurnQueue({
    client: sqs,
    queueUrl: config.queueUrl,
    deadLetterQueueUrl: config.deadLetterQueueUrl ?? (await deadLetterQueueOf(sqs, config.queueUrl)),
    waitSeconds: WAIT_SECONDS,
    visibilityMs: VISIBILITY_MS,
    onError: (error, turn) => log.error(`Queue${turn ? `, update ${turn.update_id}` : ''}`, error),
    ...(retryDelayMs ? { retryDelayMs } : {}),
  });
  return {
    objects: new S3SessionStore({ client: s3, bucket: config.bucket }),
    leases: new DynamoSessionLeases(table),
    table: new DynamoSessionTable(table),
    stops: new DynamoStopRequests(table),
    ledger: new DynamoTurnLedger(table),
    queue,
    close: () => {
      for (const client of [sqs, s3, dynamo]) client.destroy();
    },
  };
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

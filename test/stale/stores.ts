import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import {
  DirectorySessionStore,
  DynamoSessionLeases,
  S3SessionStore,
  SqliteSessionLeases,
} from '@omnicloud/agent-container';
import {
  DynamoBacklog,
  DynamoTurnLedger,
  S3AttachmentStore,
  S3SpilledRecords,
  SpillingTurnLedger,
  SqliteBacklog,
  SqliteTurnLedger,
  SqliteTurnQueue,
  SqsTurnQueue,
} from '@omnicloud/sdk-client';
import {
  DynamoSessionTable,
  DynamoStopRequests,
  SqliteSessionTable,
  SqliteStopRequests,
} from '@omnicloud/storage';
import { DirectoryAttachmentStore } from '@omnicloud/local/internal/stores/directory-attachment-store.ts';
import { DirectorySpilledRecords } from '@omnicloud/local/internal/stores/directory-spilled-records.ts';
import type { Stores } from '@omnicloud/local/internal/stores/stores.ts';
import type { StaleOptions } from './config.ts';

/** Far shorter than in production, so that a test outlasts it: a turn whose worker is frozen is given out again. */
const VISIBILITY_MS = 3_000;

/** For servers that take any credentials. */
export function clientOptions(endpoint: string): {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
} {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { endpoint, region: 'us-east-1', credentials };
}

/** Opens what the processes of one test share; they end with it, so nothing is closed. */
export function openStores(
  { dataDir: directory, aws }: Pick<StaleOptions, 'dataDir' | 'aws'>,
  onError: (error: unknown) => void,
): Omit<Stores, 'close'> {
  const turns = { onError, visibilityMs: VISIBILITY_MS, retryDelayMs: () => 0 };
  if (aws === undefined) {
    const objects = new DirectorySessionStore(join(directory, 'objects'));
    return {
      objects,
      attachments: new DirectoryAttachmentStore(objects),
      leases: new SqliteSessionLeases({ directory }),
      table: new SqliteSessionTable({ directory }),
      stops: new SqliteStopRequests({ directory }),
      ledger: new SpillingTurnLedger({
        ledger: new SqliteTurnLedger(directory),
        records: new DirectorySpilledRecords(objects),
        onLeftover: onError,
      }),
      backlog: new SqliteBacklog({ directory }),
      queue: new SqliteTurnQueue({ directory, ...turns }),
    };
  }
  const table = {
    client: new DynamoDBClient(clientOptions(aws.dynamoEndpoint)),
    tableName: aws.table,
  };
  const s3 = new S3Client({ ...clientOptions(aws.endpoint), forcePathStyle: true });
  const { queueUrl, deadLetterQueueUrl } = aws;
  const client = new SQSClient(clientOptions(aws.endpoint));
  return {
    objects: new S3SessionStore({ client: s3, bucket: aws.bucket }),
    attachments: new S3AttachmentStore({ client: s3, bucket: aws.bucket }),
    leases: new DynamoSessionLeases(table),
    table: new DynamoSessionTable(table),
    stops: new DynamoStopRequests(table),
    ledger: new SpillingTurnLedger({
      ledger: new DynamoTurnLedger(table),
      records: new S3SpilledRecords({ client: s3, bucket: aws.bucket }),
      onLeftover: onError,
    }),
    backlog: new DynamoBacklog(table),
    queue: new SqsTurnQueue({ client, queueUrl, deadLetterQueueUrl, waitSeconds: 1, ...turns }),
  };
}

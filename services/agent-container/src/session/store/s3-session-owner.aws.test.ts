import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { createDynamoTable, DynamoSessionTable } from '@omnicloud/storage';
import { describe, inject } from 'vitest';
import { S3SessionStore } from './s3-session-store.ts';
import { describeSessionOwner } from './session-owner.contract.ts';

const [moto, dynamodb] = [inject('moto'), inject('dynamodb')];
const SERVER = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

describe.skipIf(moto === '' || dynamodb === '')('against moto and DynamoDB Local', () => {
  describeSessionOwner('On AWS', async () => {
    const s3 = new S3Client({ ...SERVER, endpoint: moto, forcePathStyle: true });
    const bucket = `owners-${randomUUID()}`;
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    const client = new DynamoDBClient({ ...SERVER, endpoint: dynamodb });
    const tableName = `owners-${randomUUID()}`;
    await createDynamoTable(client, tableName);
    return {
      store: new S3SessionStore({ client: s3, bucket }),
      table: new DynamoSessionTable({ client, tableName }),
    };
  });
});

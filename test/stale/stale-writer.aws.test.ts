import { randomUUID } from 'node:crypto';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, inject, it } from 'vitest';
import { createDynamoTable } from '@omnicloud/storage';
import { letStaleWriterThaw } from './stale-writer.scenario.ts';
import { clientOptions } from './stores.ts';

const [endpoint, dynamoEndpoint] = [inject('moto'), inject('dynamodb')];

describe.skipIf(endpoint === '' || dynamoEndpoint === '')('on S3, DynamoDB and SQS', () => {
  it('A process that was frozen past its lease writes nothing anywhere when it is thawed, and says so', async () => {
    const name = `stale-${randomUUID()}`;
    const s3 = new S3Client({ ...clientOptions(endpoint), forcePathStyle: true });
    const dynamo = new DynamoDBClient(clientOptions(dynamoEndpoint));
    const sqs = new SQSClient(clientOptions(endpoint));
    const queue = async (kind: string): Promise<string> => {
      const created = { QueueName: `${name}-${kind}.fifo`, Attributes: { FifoQueue: 'true' } };
      return (await sqs.send(new CreateQueueCommand(created))).QueueUrl ?? '';
    };
    await s3.send(new CreateBucketCommand({ Bucket: name }));
    await createDynamoTable(dynamo, name);
    const aws = {
      bucket: name,
      table: name,
      queueUrl: await queue('turns'),
      deadLetterQueueUrl: await queue('dead'),
      endpoint,
      dynamoEndpoint,
    };
    await letStaleWriterThaw({
      options: { aws },
      everything: async () => {
        const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: name }));
        const objects = await Promise.all(
          Contents.map(async ({ Key }) => {
            const { Body } = await s3.send(new GetObjectCommand({ Bucket: name, Key }));
            return [Key, await Body?.transformToString('base64')];
          }),
        );
        const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: name, ConsistentRead: true }));
        const items = Items.map((item) => [item.session_key?.S, item]);
        return Object.fromEntries([...objects, ...items]) as Record<string, unknown>;
      },
    });
  });
});

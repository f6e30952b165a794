import { once } from 'node:events';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, inject, it } from 'vitest';
import { useFlow } from '../flow/system.fixture.ts';
import { PERSON } from '../fakes/telegram-server.ts';

const flow = useFlow();
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const region = 'us-east-1';
const s3 = new S3Client({ endpoint: inject('moto'), region, credentials, forcePathStyle: true });
const sqs = new SQSClient({ endpoint: inject('moto'), region, credentials });
const dynamo = new DynamoDBClient({ endpoint: inject('dynamodb'), region, credentials });

it('STORE=aws: the whole system on S3, DynamoDB and SQS servers; a killed process leaves nothing behind that is needed', async () => {
  const settings = await createStores();
  const first = await flow.spawn(settings);
  flow.model.reply('Noted.');
  flow.say('The secret word is apple');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Noted.');
  // The answer is shown before it is saved.
  await expect
    .poll(() => objectsIn(settings.SESSION_BUCKET), { timeout: 30_000 })
    .toEqual(expect.arrayContaining(['conversation.jsonl', 'debug.txt', 'todos.json']));
  first.process.kill('SIGKILL');
  await once(first.process, 'exit');

  // Another machine: nothing of the first one's disk is there.
  await flow.spawn({ ...settings, DATA_DIR: join(flow.dataDir, 'another-machine') });
  flow.model.reply('Apple.');
  flow.say('What is the secret word?');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Apple.');
  const messages = JSON.stringify(flow.model.requests.at(-1)?.body.messages);
  expect(messages).toContain('The secret word is apple');
  expect(messages).toContain('Noted.');
});

async function createStores(): Promise<Record<string, string> & { SESSION_BUCKET: string }> {
  const name = `flow-${Date.now()}`;
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  await dynamo.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'session_key', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'session_key', KeyType: 'HASH' }],
    }),
  );
  const dead = await sqs.send(
    new CreateQueueCommand({ QueueName: `${name}-dead.fifo`, Attributes: { FifoQueue: 'true' } }),
  );
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: dead.QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: 1_000 });
  const queue = await sqs.send(
    new CreateQueueCommand({ QueueName: `${name}.fifo`, Attributes: { FifoQueue: 'true', RedrivePolicy } }),
  );
  return {
    STORE: 'aws',
    SESSION_BUCKET: name,
    SESSION_TABLE: name,
    QUEUE_URL: queue.QueueUrl ?? '',
    AWS_ENDPOINT_URL: inject('moto'),
    AWS_ENDPOINT_URL_DYNAMODB: inject('dynamodb'),
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
}

/** @returns the last parts of the objects' keys. */
async function objectsIn(bucket: string | undefined): Promise<(string | undefined)[]> {
  const { Contents: objects = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  return objects.map(({ Key }) => Key?.split('/').at(-1));
}

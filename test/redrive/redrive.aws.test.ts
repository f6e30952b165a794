import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { SqsTurnQueue } from '@omnicloud/sdk-client';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { letDie, redriveIn, writeEnvFile } from './run-redrive.fixture.ts';

const endpoint = inject('moto');
const client = new SQSClient({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

async function attributeOf(url: string, name: 'QueueArn' | 'ApproximateNumberOfMessages'): Promise<string> {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [name] }),
  );
  return Attributes?.[name] ?? '';
}

async function createQueue(name: string, attributes: Record<string, string> = {}): Promise<string> {
  const created = await client.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { FifoQueue: 'true', ...attributes } }),
  );
  return created.QueueUrl ?? '';
}

describe.skipIf(endpoint === '')('npm run redrive with STORE=aws (moto)', () => {
  let directory: string;
  let queueUrl: string;
  let deadLetterQueueUrl: string;
  let queue: SqsTurnQueue;
  const errors: unknown[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'redrive-'));
    const name = `redrive-${Date.now()}`;
    deadLetterQueueUrl = await createQueue(`${name}-dead.fifo`);
    const deadLetterTargetArn = await attributeOf(deadLetterQueueUrl, 'QueueArn');
    queueUrl = await createQueue(`${name}.fifo`, {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1_000 }),
    });
    errors.length = 0;
    const onError = (error: unknown): unknown => errors.push(error);
    queue = new SqsTurnQueue({
      client,
      queueUrl,
      deadLetterQueueUrl,
      onError,
      retryDelayMs: () => 0,
      waitSeconds: 0,
    });
    await writeEnvFile(directory, {
      STORE: 'aws',
      QUEUE_URL: queueUrl,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
  });
  afterEach(() => rm(directory, { recursive: true }));

  const deadIds = async (): Promise<number[]> =>
    (await queue.deadLetters()).map(({ turn }) => turn.update_id);

  it('lists the dead letters, which others can read at once, and puts one back, then the rest', async () => {
    for (const id of [1, 2]) await letDie(queue, id);
    const lines = await redriveIn(directory, '--list');
    expect(lines).toEqual([
      expect.stringMatching(/^update 1, chat -1001234567890, died \d{4}-\d\d-\d\dT[\d:.]+Z: hello$/),
      expect.stringMatching(/^update 2, /),
      `2 dead in ${queueUrl}`,
    ]);
    expect(await deadIds()).toEqual([1, 2]);

    expect(await redriveIn(directory, '2')).toEqual([`1 went back to the queue in ${queueUrl}`]);
    expect(await deadIds()).toEqual([1]);
    expect(await attributeOf(queueUrl, 'ApproximateNumberOfMessages')).toBe('1');

    expect(await redriveIn(directory)).toEqual([`1 went back to the queue in ${queueUrl}`]);
    expect(await redriveIn(directory, '--list')).toEqual([`0 dead in ${queueUrl}`]);
    expect(await attributeOf(queueUrl, 'ApproximateNumberOfMessages')).toBe('2');
    expect(errors).toEqual([]);
  });

  it('counts what is no turn, and leaves it in the dead-letter queue', async () => {
    await client.send(
      new SendMessageCommand({
        QueueUrl: deadLetterQueueUrl,
        MessageBody: '{}',
        MessageGroupId: 'update-7',
        MessageDeduplicationId: 'update-7',
      }),
    );
    const unreadable = '1 cannot be read and stay where they are';
    expect(await redriveIn(directory, '--list')).toEqual([`0 dead in ${queueUrl}`, unreadable]);
    expect(await redriveIn(directory)).toEqual([`0 went back to the queue in ${queueUrl}`, unreadable]);
    expect(await attributeOf(deadLetterQueueUrl, 'ApproximateNumberOfMessages')).toBe('1');
  });

  it('names the setting that tells where dead letters are, when the queue itself does not', async () => {
    await writeEnvFile(directory, {
      STORE: 'aws',
      QUEUE_URL: deadLetterQueueUrl,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    await expect(redriveIn(directory)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/DEAD_LETTER_QUEUE_URL is required/) as string,
    });
  });
});

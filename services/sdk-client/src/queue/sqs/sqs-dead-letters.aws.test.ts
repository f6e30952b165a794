import { GetQueueAttributesCommand, type SendMessageCommandInput, type SQSClient } from '@aws-sdk/client-sqs';
import type { Turn } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { sampleTurn } from '../sample-turn.fixture.ts';
import { EventLog, logged, RETRY, whileServing } from '../serving.fixture.ts';
import { createQueues, type QueueUrls, sqsClient } from './sqs-queues.fixture.ts';
import { SqsTurnQueue } from './sqs-turn-queue.ts';

const endpoint = inject('moto');

describe.skipIf(endpoint === '')('dead letters in SQS (moto)', () => {
  let client: SQSClient;
  let urls: QueueUrls;
  let queue: SqsTurnQueue;
  let errors: unknown[];
  /** The name of every message that was sent, by which SQS knows duplicates. */
  let sentNames: (string | undefined)[];

  beforeEach(async () => {
    sentNames = [];
    errors = [];
    client = sqsClient(endpoint, (command, input) => {
      if (command !== 'SendMessageCommand') return;
      sentNames.push((input as SendMessageCommandInput).MessageDeduplicationId);
    });
    urls = await createQueues(client);
    const onError = (error: unknown): unknown => errors.push(error);
    queue = new SqsTurnQueue({ client, ...urls, onError, retryDelayMs: () => 0, waitSeconds: 0 });
  });
  afterEach(() => client.destroy());

  /** Serves the queue until the given updates, whose turns all fail, have been given up. */
  async function letDie(ids: readonly number[]): Promise<void> {
    const log = new EventLog();
    const giveUp = ({ update_id: id }: Turn): Promise<undefined> => {
      log.add(`${id} given up`);
      return Promise.resolve(undefined);
    };
    await whileServing(queue, { ...logged(log, () => RETRY), giveUp }, async () => {
      await Promise.all(ids.map((id) => log.until(`${id} given up`)));
    });
  }

  it('are listed and redriven although a chat has more of them than one request receives', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => index);
    for (const id of ids) await queue.enqueue(sampleTurn(id));
    await letDie(ids);
    for (let reading = 0; reading < 2; reading += 1) {
      expect((await queue.deadLetters()).map(({ turn }) => turn.update_id)).toEqual(ids);
    }
    expect(await queue.redrive()).toBe(ids.length);
    expect(await queue.deadLetters()).toEqual([]);
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: urls.queueUrl,
        AttributeNames: ['ApproximateNumberOfMessages'],
      }),
    );
    expect(Attributes?.ApproximateNumberOfMessages).toBe(String(ids.length));
    expect(errors).toEqual([]);
  });

  // SQS would drop what is sent a second time within 5 minutes under a name that it knows; moto forgets names earlier.
  it('get a name of their own each time they die and each time they go back', async () => {
    await queue.enqueue(sampleTurn(1));
    for (let death = 0; death < 3; death += 1) {
      await letDie([1]);
      expect(await queue.redrive(1)).toBe(1);
    }
    expect(sentNames).toHaveLength(7);
    expect(new Set(sentNames).size).toBe(7);
    for (const name of sentNames) expect(name).toMatch(/^update-1(-|$)/);
  });
});

import { ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Turn } from '@omnicloud/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { TurnTakenOverError } from '../../errors.ts';
import { OTHER_CHAT, sampleTurn } from '../sample-turn.fixture.ts';
import { DONE, EventLog, logged, RETRY } from '../serving.fixture.ts';
import { handleSqsBatch } from './sqs-delivery.ts';
import { createQueues, type QueueUrls, sqsClient } from './sqs-queues.fixture.ts';
import { RECORD_ATTRIBUTES, recordOf, type SqsRecord } from './sqs-record.ts';
import { SqsTurnQueue } from './sqs-turn-queue.ts';
import type { TurnHandler } from '../turn-queue.ts';

const endpoint = inject('moto');

/** The event source of a function: what it received, and who handles it. */
describe.skipIf(endpoint === '')('a batch of records (moto)', () => {
  let client: SQSClient;
  let urls: QueueUrls;
  let queue: SqsTurnQueue;
  let errors: unknown[];
  let log: EventLog;

  beforeAll(() => {
    client = sqsClient(endpoint);
  });
  beforeEach(async () => {
    urls = await createQueues(client);
    errors = [];
    log = new EventLog();
    const onError = (error: unknown): unknown => errors.push(error);
    queue = new SqsTurnQueue({ client, ...urls, onError, retryDelayMs: () => 0, waitSeconds: 0 });
  });
  afterAll(() => client.destroy());

  async function receive(): Promise<SqsRecord[]> {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: urls.queueUrl,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: [...RECORD_ATTRIBUTES],
      }),
    );
    return Messages.map(recordOf);
  }

  function handlerThat(decide: (turn: Turn) => typeof DONE): TurnHandler {
    const giveUp = ({ update_id: id }: Turn): Promise<undefined> => {
      log.add(`${id} given up`);
      return Promise.resolve(undefined);
    };
    return { ...logged(log, decide), giveUp };
  }

  const idsOf = (records: SqsRecord[]): number[] =>
    records.map(({ body }) => (JSON.parse(body) as Turn).update_id);

  it('that was handled whole has no failures, and nothing of it comes again', async () => {
    for (const id of [1, 2]) await queue.enqueue(sampleTurn(id));
    const response = await handleSqsBatch(
      await receive(),
      handlerThat(() => DONE),
      queue.deliveryFrom(),
    );
    expect(response).toEqual({ batchItemFailures: [] });
    expect(log.entries).toEqual(['1#1', '2#1']);
    expect(await receive()).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('with a failure fails from there on in that group alone, and those come again in their order', async () => {
    for (const id of [1, 2, 3]) await queue.enqueue(sampleTurn(id));
    for (const id of [4, 5]) await queue.enqueue(sampleTurn(id, OTHER_CHAT));
    const records = await receive();
    expect(idsOf(records)).toEqual([1, 2, 3, 4, 5]);
    const handler = handlerThat(({ update_id: id }) => (id === 2 ? RETRY : DONE));
    const response = await handleSqsBatch(records, handler, queue.deliveryFrom());
    const failed = records.slice(1, 3).map(({ messageId }) => ({ itemIdentifier: messageId }));
    expect(response).toEqual({ batchItemFailures: failed });
    expect(log.entries.toSorted()).toEqual(['1#1', '2#1', '4#1', '5#1']);
    const again = await receive();
    expect(idsOf(again)).toEqual([2, 3]);
    expect(again.map(({ attributes }) => attributes.ApproximateReceiveCount)).toEqual(['2', '2']);
  });

  it('counts a turn that became a dead letter as handled', async () => {
    await queue.enqueue(sampleTurn(1));
    const responses = [];
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      responses.push(
        await handleSqsBatch(
          await receive(),
          handlerThat(() => RETRY),
          queue.deliveryFrom(),
        ),
      );
    }
    expect(log.entries).toEqual(['1#1', '1#2', '1#3', '1 given up']);
    expect(responses.map(({ batchItemFailures }) => batchItemFailures.length)).toEqual([1, 1, 1, 0]);
    expect((await queue.deadLetters()).map(({ turn }) => turn)).toEqual([sampleTurn(1)]);
  });

  it('leaves a turn alone that another delivery has gone on with: the receipt may still be taken for it', async () => {
    await queue.enqueue(sampleTurn(1));
    const records = await receive();
    const overtaken = handlerThat(({ update_id: id }) => {
      throw new TurnTakenOverError(id);
    });
    const response = await handleSqsBatch(records, overtaken, queue.deliveryFrom());
    expect(response.batchItemFailures).toHaveLength(1);
    // Still invisible: it is the other delivery's.
    expect(await receive()).toEqual([]);
    expect(errors).toMatchObject([{ code: 'turn_taken_over' }]);
  });

  it('reports a record that could not be settled, and lets nothing reject', async () => {
    await queue.enqueue(sampleTurn(1));
    const [record] = await receive();
    const stale = { ...record, receiptHandle: 'of another time' } as SqsRecord;
    const response = await handleSqsBatch(
      [stale],
      handlerThat(() => RETRY),
      queue.deliveryFrom(),
    );
    expect(response.batchItemFailures).toHaveLength(1);
    expect(errors).toMatchObject([{ code: 'claim_lost', cause: { name: 'ReceiptHandleIsInvalid' } }]);
  });
});

import { SQSClient } from '@aws-sdk/client-sqs';
import { type Crowd, sqsCrowd } from './sqs-crowd.ts';
import { SqsTurnQueue, type SqsTurnQueueOptions } from './sqs-turn-queue.ts';

/** Telegram waits for what is queued, so an address where nobody answers must be found out early. In ms. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/** What an event source delivers needs no receiving, and no receive may be longer than the timeouts. */
const WAIT_SECONDS = 1;

/** @returns the queue, reached as the AWS SDK finds by itself, for whom an event source serves. */
export function openSqsTurnQueue(options: Omit<SqsTurnQueueOptions, 'client' | 'waitSeconds'>): SqsTurnQueue {
  const client = new SQSClient({ requestHandler: TIMEOUTS });
  return new SqsTurnQueue({ ...options, client, waitSeconds: WAIT_SECONDS });
}

/** The same queue for a caller that only adds turns to it, and so needs no address of the dead-letter queue. */
interface SqsIntake extends Pick<SqsTurnQueue, 'enqueue'> {
  /** How full the queue of turns is. Throws the client's error. */
  readonly crowd: () => Promise<Crowd>;
}

export function openSqsIntake({
  queueUrl,
  asideQueueUrl,
}: Pick<SqsTurnQueueOptions, 'queueUrl' | 'asideQueueUrl'>): SqsIntake {
  const client = new SQSClient({ requestHandler: TIMEOUTS });
  const queue = new SqsTurnQueue({
    client,
    queueUrl,
    asideQueueUrl,
    deadLetterQueueUrl: queueUrl,
    onError: () => undefined,
  });
  return { enqueue: (turn) => queue.enqueue(turn), crowd: () => sqsCrowd(client, queueUrl) };
}

import { SQSClient } from '@aws-sdk/client-sqs';
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

/** @returns the same queue for who only adds to it, and need not know where its dead letters are. */
export function openSqsIntake(
  queues: Pick<SqsTurnQueueOptions, 'queueUrl' | 'asideQueueUrl'>,
): Pick<SqsTurnQueue, 'enqueue'> {
  return openSqsTurnQueue({ ...queues, deadLetterQueueUrl: queues.queueUrl, onError: () => undefined });
}

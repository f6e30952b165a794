import { SQSClient } from '@aws-sdk/client-sqs';
import { SqsTurnQueue, type SqsTurnQueueOptions } from './sqs-turn-queue.ts';

/** Telegram waits for what is queued, so an address where nobody answers must be found out early. In ms. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/** @returns the queue, reached as the AWS SDK finds by itself. It enqueues and handles what an event source delivers; its `serve` would need more patience. */
export function openSqsTurnQueue(options: Omit<SqsTurnQueueOptions, 'client' | 'waitSeconds'>): SqsTurnQueue {
  return new SqsTurnQueue({ ...options, client: new SQSClient({ requestHandler: TIMEOUTS }), waitSeconds: 1 });
}

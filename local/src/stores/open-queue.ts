import { SqliteTurnQueue, type TurnQueue } from '@omnicloud/sdk-client';
import { openAwsQueue } from './aws-stores.ts';
import type { QueueConfig } from '../config.ts';

export interface OpenQueue {
  readonly queue: TurnQueue;
  /** Where it is, for people: the queue's URL, or the folder of its file. */
  readonly place: string;
  readonly close: () => void;
}

/**
 * Opens the queue of turns alone, for whoever looks after it.
 * @param onError hears of every error that the queue goes on after; must not throw.
 * @throws ConfigError when an SQS queue has no dead-letter queue, and the SDK's error when it cannot be asked for it;
 *   NewerSchemaError when a newer release wrote the file, and SQLite's own error when it cannot be opened.
 */
export async function openQueue(
  { aws, dataDir }: QueueConfig,
  onError: (error: unknown) => void,
): Promise<OpenQueue> {
  if (aws) return { ...(await openAwsQueue(aws, { onError })), place: aws.queueUrl };
  const queue = new SqliteTurnQueue({ directory: dataDir, onError });
  return { queue, place: dataDir, close: () => queue.close() };
}

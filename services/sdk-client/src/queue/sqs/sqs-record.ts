import type { Message } from '@aws-sdk/client-sqs';
import type { Turn } from '@omnicloud/protocol';

/**
 * One delivery of a message, in the shape that an event source hands to a Lambda function
 * (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html).
 */
export interface SqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** Of its queue; only an event source says it. */
  readonly eventSourceARN?: string;
  readonly attributes: {
    /** How often the message was received, this time included, in digits. */
    readonly ApproximateReceiveCount: string;
    readonly MessageGroupId?: string;
    readonly MessageDeduplicationId?: string;
  };
}

/** The message's system attributes that `recordOf` and `updateIdOf` need. */
export const RECORD_ATTRIBUTES = [
  'ApproximateReceiveCount',
  'MessageGroupId',
  'MessageDeduplicationId',
] as const;

/** @throws TypeError when a field is missing that SQS always sends. */
export function recordOf({ MessageId, ReceiptHandle, Body, Attributes = {} }: Message): SqsRecord {
  const { ApproximateReceiveCount, MessageGroupId, MessageDeduplicationId } = Attributes;
  if (!MessageId || !ReceiptHandle || Body === undefined || !ApproximateReceiveCount) {
    throw new TypeError(`SQS delivered message ${MessageId ?? '(without an id)'} incompletely`);
  }
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: {
      ApproximateReceiveCount,
      ...(MessageGroupId === undefined ? {} : { MessageGroupId }),
      ...(MessageDeduplicationId === undefined ? {} : { MessageDeduplicationId }),
    },
  };
}

/** @returns the turn as JSON, without the two characters that JSON leaves as they are and SQS replaces in a body. */
export function bodyOf(turn: Turn): string {
  // The allowed ones: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
  return JSON.stringify(turn).replaceAll(
    /[\uFFFE\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

/**
 * @param occasion tells a later message of the same update from the first one, which SQS would take for its duplicate
 *   for 5 minutes: why it is sent, and the id of the message it comes from
 */
export function deduplicationId(updateId: number, occasion?: string): string {
  return occasion === undefined ? `update-${updateId}` : `update-${updateId}-${occasion}`;
}

/** @returns the update that a message stands for, also one whose body is unreadable; NaN when it is not of our making. */
export function updateIdOf({ attributes }: Pick<SqsRecord, 'attributes'>): number {
  const [, digits] = /^update-(\d+)(-|$)/.exec(attributes.MessageDeduplicationId ?? '') ?? [];
  return Number(digits ?? NaN);
}

/** SQS counts in whole seconds, and a message is invisible for 12 hours at most. */
const MAX_VISIBILITY_S = 12 * 60 * 60;

/** @returns the visibility timeout in seconds, at least as long as the given ms if SQS allows that. */
export function visibilitySeconds(ms: number): number {
  return Math.min(MAX_VISIBILITY_S, Math.max(0, Math.ceil(ms / 1000)));
}

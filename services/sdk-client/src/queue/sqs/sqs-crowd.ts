import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** How full a queue is, as far as SQS knows: both figures are approximate, and some seconds old. */
export interface Crowd {
  /** Messages that nobody has begun with. */
  readonly waiting: number;
  /** Messages that a worker has, or has put off. */
  readonly inHand: number;
}

/** Asks SQS how full a queue is. Throws the client's error. */
export async function sqsCrowd(client: SQSClient, queueUrl: string): Promise<Crowd> {
  const { Attributes: attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return {
    waiting: Number(attributes.ApproximateNumberOfMessages ?? 0),
    inHand: Number(attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
  };
}

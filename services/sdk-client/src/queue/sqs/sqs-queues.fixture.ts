import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';

/**
 * @param sees is told of each command that begins, by its name, and of its input
 * @returns a client of the server at the endpoint, which takes any credentials.
 */
export function sqsClient(
  endpoint: string,
  sees: (command: string, input: object) => void = () => undefined,
): SQSClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new SQSClient({ endpoint, region: 'us-east-1', credentials });
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        sees(String(commandName), args.input);
        return next(args);
      },
    { step: 'initialize' },
  );
  return client;
}

export interface QueueUrls {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
}

/** Creates an empty queue for turns and one for its dead letters. */
export async function createQueues(client: SQSClient): Promise<QueueUrls> {
  const create = async (kind: string): Promise<string> => {
    const name = `${kind}-${randomUUID()}.fifo`;
    const attributes = { FifoQueue: 'true' };
    const { QueueUrl } = await client.send(
      new CreateQueueCommand({ QueueName: name, Attributes: attributes }),
    );
    if (QueueUrl === undefined) throw new Error(`${name} has no URL`);
    return QueueUrl;
  };
  return { queueUrl: await create('turns'), deadLetterQueueUrl: await create('dead') };
}

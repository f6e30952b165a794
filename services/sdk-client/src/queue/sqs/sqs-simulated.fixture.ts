import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { sqsClient } from './sqs-queues.fixture.ts';
import type { SqsRecord } from './sqs-record.ts';

interface Held {
  readonly queueUrl: string;
  readonly body: string;
  readonly group: string;
  readonly deduplicationId: string;
  receipt: string;
  receives: number;
  visibleAtMs: number;
}

interface Input {
  QueueUrl: string;
  MessageBody: string;
  MessageGroupId: string;
  MessageDeduplicationId: string;
  ReceiptHandle: string;
  VisibilityTimeout: number;
}

/** As the deployment's queue has it. */
const VISIBILITY_MS = 16 * 60_000;

/** FIFO queues of SQS on loopback, by a clock that the test moves: what a worker's event source and its calls see of them. */
export class SimulatedSqs {
  nowMs = 0;
  /** While it is set, every call fails. */
  isAway = false;
  /** The one action that fails; none unless set. */
  refuses = '';
  readonly #server = createServer((request, response) => {
    void textOf(request).then((text) => {
      const target = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      const isAway = this.isAway || target === this.refuses;
      const answer = isAway ? undefined : this.#answer(target, JSON.parse(text) as Input);
      const refusal = {
        __type: `com.amazonaws.sqs#${isAway ? 'ServiceUnavailable' : 'ReceiptHandleIsInvalid'}`,
      };
      const status = isAway ? 503 : answer === undefined ? 400 : 200;
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(answer ?? refusal));
    });
  });
  readonly #messages: Held[] = [];
  #receipts = 0;
  #client: SQSClient | undefined;

  static async open(): Promise<SimulatedSqs> {
    const sqs = new SimulatedSqs();
    sqs.#server.listen(0, '127.0.0.1');
    await once(sqs.#server, 'listening');
    sqs.#client = sqsClient(sqs.#url);
    return sqs;
  }

  get client(): SQSClient {
    if (this.#client === undefined) throw new Error('It is not open');
    return this.#client;
  }

  get #url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  urlOf(queue: string): string {
    return `${this.#url}/1/${queue}.fifo`;
  }

  async close(): Promise<void> {
    this.client.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** @returns the bodies of what lies in the queue, in its order. */
  bodies(queueUrl: string): string[] {
    return this.#messages.filter((each) => each.queueUrl === queueUrl).map(({ body }) => body);
  }

  /** Lets time pass until a message can be received; no time when one can be now. */
  passUntilVisible(queueUrl: string): void {
    const heads = this.#heads(queueUrl).map(({ visibleAtMs }) => visibleAtMs);
    this.nowMs = Math.max(this.nowMs, Math.min(...heads));
  }

  /** @returns what an event source hands to a worker now: of each group only the first message, and only when it is visible. */
  receive(queueUrl: string): SqsRecord | undefined {
    const held = this.#heads(queueUrl).find(({ visibleAtMs }) => visibleAtMs <= this.nowMs);
    if (held === undefined) return undefined;
    held.receipt = `receipt-${(this.#receipts += 1)}`;
    held.receives += 1;
    held.visibleAtMs = this.nowMs + VISIBILITY_MS;
    return {
      messageId: held.deduplicationId,
      receiptHandle: held.receipt,
      body: held.body,
      attributes: {
        ApproximateReceiveCount: String(held.receives),
        MessageGroupId: held.group,
        MessageDeduplicationId: held.deduplicationId,
      },
    };
  }

  #heads(queueUrl: string): Held[] {
    const own = this.#messages.filter((each) => each.queueUrl === queueUrl);
    return own.filter(({ group }, index) => own.findIndex((each) => each.group === group) === index);
  }

  #answer(target: string, input: Input): object | undefined {
    const index = this.#messages.findIndex(({ receipt }) => receipt === input.ReceiptHandle);
    const held = this.#messages[index];
    switch (target) {
      case 'SendMessage':
        this.#messages.push({
          queueUrl: input.QueueUrl,
          body: input.MessageBody,
          group: input.MessageGroupId,
          deduplicationId: input.MessageDeduplicationId,
          receipt: '',
          receives: 0,
          visibleAtMs: this.nowMs,
        });
        return { MD5OfMessageBody: createHash('md5').update(input.MessageBody).digest('hex') };
      case 'GetQueueAttributes': {
        const own = this.#messages.filter(({ queueUrl }) => queueUrl === input.QueueUrl);
        const inHand = own.filter(({ visibleAtMs }) => visibleAtMs > this.nowMs).length;
        return {
          Attributes: {
            ApproximateNumberOfMessages: String(own.length - inHand),
            ApproximateNumberOfMessagesNotVisible: String(inHand),
          },
        };
      }
      case 'ChangeMessageVisibility':
        if (held) held.visibleAtMs = this.nowMs + input.VisibilityTimeout * 1_000;
        return held && {};
      case 'DeleteMessage':
        if (held) this.#messages.splice(index, 1);
        return held && {};
      default:
        return undefined;
    }
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

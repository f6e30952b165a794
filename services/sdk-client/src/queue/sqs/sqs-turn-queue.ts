import { ReceiveMessageCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { groupOf, sessionKeyOf, type Turn } from '@omnicloud/protocol';
import { QueueUnavailableError } from '../../errors.ts';
import { retryDelayMs } from '../retry-delay.ts';
import { SqsDeadLetters } from './sqs-dead-letters.ts';
import { handleSqsRecord, hurrySqsMessage, releaseSqsRecord, type SqsDelivery } from './sqs-delivery.ts';
import {
  bodyOf,
  deduplicationId,
  RECORD_ATTRIBUTES,
  recordOf,
  type SqsRecord,
  visibilitySeconds,
} from './sqs-record.ts';
import type { DeadLetter, TurnHandler, TurnQueue } from '../turn-queue.ts';
import { WakeBell } from '../wake-bell.ts';

const DEFAULTS = { concurrency: 8, visibilityMs: 60_000, waitSeconds: 20, retryDelayMs };
/** Commands that touch no session need no slot of a turn, as in the embedded queue. */
const ASIDE_SLOTS = 8;
/** Reading dead letters ends with one empty answer, which need not take as long. A second is long polling: it asks every server. */
const MAX_DEAD_LETTER_WAIT_S = 1;
/** After more failures in a row than that, the pause between two receives no longer grows. */
const MAX_PAUSE_GROWTH = 3;

export interface SqsTurnQueueOptions {
  client: SQSClient;
  /** A FIFO queue. Its own redrive policy is only a net: let `maxReceiveCount` be 1,000, the most there is, over `MAX_DELIVERIES`. */
  queueUrl: string;
  /** A FIFO queue like it for commands that touch no session, so that they wait behind no turn; without one, they lie in the other. */
  asideQueueUrl?: string | undefined;
  /** Another FIFO queue, without a redrive policy. */
  deadLetterQueueUrl: string;
  /** Hears of every error that the queue goes on after; must not throw. The turn is missing when the error concerns none. */
  onError: (error: unknown, turn: Turn | undefined) => void;
  /** How many turns one `serve` call handles side by side; 8 unless told otherwise. */
  concurrency?: number;
  /** How long to wait after the given failed try (from 1), in ms, rounded up to seconds; 1 s, 4 s, 16 s … ± 20 % by default. */
  retryDelayMs?: (attempt: number) => number;
  /** How long after its last heartbeat a delivery is given out again, in ms; 60 s unless told otherwise. */
  visibilityMs?: number;
  /** How long a receive waits for a message, and how long stopping may take while nothing runs; 20 s, the most, by default. */
  waitSeconds?: number;
}

/**
 * The queue in SQS FIFO (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fifo-queues.html).
 * A turn's tries are the times that its message was received.
 *
 * It promises less than the port in two points. SQS drops a duplicate without saying so, and only for 5 minutes after
 * the first one was sent; what comes later is the turn ledger's to recognize. And it counts no single group's messages.
 */
export class SqsTurnQueue implements TurnQueue {
  readonly #options: SqsTurnQueueOptions & typeof DEFAULTS;
  readonly #deadLetters: SqsDeadLetters;

  constructor(options: SqsTurnQueueOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const waitSeconds = Math.min(this.#options.waitSeconds, MAX_DEAD_LETTER_WAIT_S);
    this.#deadLetters = new SqsDeadLetters({ ...this.#options, waitSeconds });
  }

  /**
   * What handling a record takes that did not come by `serve`, but by an event source.
   * @param sourceArn of the queue that the record came from; that of the turns unless it names the other one.
   */
  deliveryFrom(sourceArn = ''): SqsDelivery {
    const { asideQueueUrl } = this.#options;
    const isAside = asideQueueUrl !== undefined && nameIn(sourceArn, ':') === nameIn(asideQueueUrl, '/');
    return this.#delivery(isAside ? asideQueueUrl : this.#options.queueUrl);
  }

  #delivery(queueUrl: string): SqsDelivery {
    return { ...this.#options, queueUrl, deadLetters: this.#deadLetters };
  }

  /** @returns always `queued`: SQS answers the same whether it knew the update. */
  async enqueue(turn: Turn): Promise<'queued'> {
    const { client, queueUrl, asideQueueUrl = queueUrl } = this.#options;
    const message = {
      QueueUrl: groupOf(turn) === sessionKeyOf(turn) ? queueUrl : asideQueueUrl,
      MessageBody: bodyOf(turn),
      MessageGroupId: groupOf(turn),
      MessageDeduplicationId: deduplicationId(turn.update_id),
    };
    try {
      await client.send(new SendMessageCommand(message));
    } catch (error) {
      throw new QueueUnavailableError(`Update ${turn.update_id} could not be stored`, { cause: error });
    }
    return 'queued';
  }

  /** Never rejects: what SQS refuses goes to `onError`, and is tried again. */
  async serve(handler: TurnHandler, signal: AbortSignal): Promise<void> {
    const { queueUrl, asideQueueUrl, concurrency } = this.#options;
    const lanes = [this.#serveLane(queueUrl, concurrency, handler, signal)];
    if (asideQueueUrl !== undefined) lanes.push(this.#serveLane(asideQueueUrl, ASIDE_SLOTS, handler, signal));
    await Promise.all(lanes);
  }

  async #serveLane(
    ...[queueUrl, slots, handler, signal]: [string, number, TurnHandler, AbortSignal]
  ): Promise<void> {
    const delivery = this.#delivery(queueUrl);
    const running = new Set<Promise<unknown>>();
    while (!signal.aborted) {
      const record = await this.#receive(delivery, signal);
      if (!record) break;
      const ended = handleSqsRecord(record, handler, delivery).finally(() => running.delete(ended));
      running.add(ended);
      if (running.size >= slots) await Promise.race(running);
    }
    await Promise.all(running);
  }

  /** Throws the client's error; without a receipt it can do nothing. Of a session, only the first turn can wait, and it lies in the queue of turns. */
  async hurry(_sessionKey: string, receipt?: string): Promise<void> {
    if (receipt !== undefined) await hurrySqsMessage(receipt, this.#delivery(this.#options.queueUrl));
  }

  /** @returns undefined: SQS tells the length of the whole queue alone, which says nothing to one chat. */
  waiting(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** What is no readable turn stays there and is reported to `onError` instead. Throws the client's error. */
  deadLetters(): Promise<DeadLetter[]> {
    return this.#deadLetters.list();
  }

  /** Throws the client's error; what went back before that is back. */
  redrive(updateId?: number): Promise<number> {
    return this.#deadLetters.redrive(updateId);
  }

  /** @returns the next message, undefined once the signal aborted; what comes after that is given back. */
  async #receive(delivery: SqsDelivery, signal: AbortSignal): Promise<SqsRecord | undefined> {
    const { onError, retryDelayMs: delayMs } = this.#options;
    const isStopped = (): boolean => signal.aborted;
    let failures = 0;
    while (!isStopped()) {
      try {
        const record = await this.#receiveOnce(delivery.queueUrl);
        failures = 0;
        if (record && !isStopped()) return record;
        // The request is not cut off: SQS may have chosen a message for it, which would block its group until it is visible again.
        if (record) await releaseSqsRecord(record, delivery);
      } catch (error) {
        onError(error, undefined);
        failures = Math.min(failures + 1, MAX_PAUSE_GROWTH);
        await pause(delayMs(failures), signal);
      }
    }
    return undefined;
  }

  /** One message a request: a second one could be of the same group, and would count as received while it waits. */
  async #receiveOnce(queueUrl: string): Promise<SqsRecord | undefined> {
    const { client, visibilityMs, waitSeconds } = this.#options;
    const { Messages: [message] = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 1,
        WaitTimeSeconds: waitSeconds,
        VisibilityTimeout: visibilitySeconds(visibilityMs),
        MessageSystemAttributeNames: [...RECORD_ATTRIBUTES],
      }),
    );
    return message && recordOf(message);
  }
}

/** @returns the queue's name, with which both its ARN and its URL end. */
function nameIn(place: string, separator: string): string | undefined {
  return place.split(separator).at(-1);
}

/** Ends early when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const bell = new WakeBell();
  const ring = (): void => bell.ring();
  signal.addEventListener('abort', ring);
  if (signal.aborted) ring();
  await bell.wait(ms);
  signal.removeEventListener('abort', ring);
}

import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { groupOf, type Turn } from '@omnicloud/protocol';
import { readTurn } from '../read-turn.ts';
import {
  bodyOf,
  deduplicationId,
  RECORD_ATTRIBUTES,
  recordOf,
  type SqsRecord,
  updateIdOf,
} from './sqs-record.ts';
import type { DeadLetter } from '../turn-queue.ts';

/** The most that one request receives. */
const MAX_BATCH = 10;
/** How long a reader that was cut off hides the letters from others, and what moving all of them may take. */
const READING_S = 120;

export interface SqsDeadLettersOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** How long a request waits for letters; 0 may overlook some. */
  readonly waitSeconds: number;
  /** Hears of every error that reading goes on after; must not throw. */
  readonly onError: (error: unknown, turn: Turn | undefined) => void;
}

/** A dead letter that this process has received, and holds until it releases or removes it. */
interface HeldLetter extends DeadLetter {
  readonly record: SqsRecord;
}

/**
 * The dead letters of a turn queue, in an SQS FIFO queue of their own. Each is a group of its own there: SQS gives out
 * nothing of a group while a message of it is being read. While one reads, another one sees none; SQS keeps them 14 days at most.
 */
export class SqsDeadLetters {
  readonly #options: SqsDeadLettersOptions;

  constructor(options: SqsDeadLettersOptions) {
    this.#options = options;
  }

  /** Copies a message of the queue here; doing that again within 5 minutes changes nothing. Throws the client's error. */
  async add(record: SqsRecord): Promise<void> {
    const name = deduplicationId(updateIdOf(record), `died-${record.messageId}`);
    await this.#send(this.#options.deadLetterQueueUrl, { body: record.body, group: name, name });
  }

  /** @returns the readable letters, oldest first; what is no turn stays and is reported. Throws the client's error. */
  async list(): Promise<DeadLetter[]> {
    const { held, letters } = await this.#receiveAll();
    await this.#release(held);
    return letters.map(({ turn, diedAt }) => ({ turn, diedAt }));
  }

  /**
   * Moves readable letters to the end of their groups in the queue, as new messages: all, or those of one update.
   * @returns how many. Throws the client's error; a letter moved before is then in the queue, the others are still here.
   */
  async redrive(updateId: number | undefined): Promise<number> {
    const { held, letters } = await this.#receiveAll();
    const wanted = letters.filter(({ turn }) => updateId === undefined || turn.update_id === updateId);
    try {
      for (const letter of wanted) {
        await this.#move(letter);
        held.delete(letter.record.messageId);
      }
    } finally {
      await this.#release(held);
    }
    return wanted.length;
  }

  async #move({ turn, record }: HeldLetter): Promise<void> {
    const { client, queueUrl, deadLetterQueueUrl } = this.#options;
    const name = deduplicationId(turn.update_id, `again-${record.messageId}`);
    await this.#send(queueUrl, { body: bodyOf(turn), group: groupOf(turn), name });
    await client.send(
      new DeleteMessageCommand({ QueueUrl: deadLetterQueueUrl, ReceiptHandle: record.receiptHandle }),
    );
  }

  async #send(
    queueUrl: string,
    { body, group, name }: { readonly body: string; readonly group: string; readonly name: string },
  ): Promise<void> {
    await this.#options.client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: body,
        MessageGroupId: group,
        MessageDeduplicationId: name,
      }),
    );
  }

  /** @returns every message by its id, and those of them that are letters, oldest first. */
  async #receiveAll(): Promise<{ held: Map<string, SqsRecord>; letters: HeldLetter[] }> {
    const held = new Map<string, SqsRecord>();
    const letters: HeldLetter[] = [];
    try {
      for (;;) {
        const messages = await this.#receive();
        const before = held.size;
        for (const message of messages) {
          const record = recordOf(message);
          if (!held.has(record.messageId)) letters.push(...this.#read(message, record));
          held.set(record.messageId, record);
        }
        // Nothing new: all were received, or the first ones are visible again because there are so many.
        if (held.size === before) break;
      }
    } catch (error) {
      await this.#release(held);
      throw error;
    }
    return { held, letters: letters.sort((a, b) => a.diedAt.getTime() - b.diedAt.getTime()) };
  }

  async #receive(): Promise<Message[]> {
    const { client, deadLetterQueueUrl, waitSeconds } = this.#options;
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: deadLetterQueueUrl,
        MaxNumberOfMessages: MAX_BATCH,
        WaitTimeSeconds: waitSeconds,
        VisibilityTimeout: READING_S,
        MessageSystemAttributeNames: [...RECORD_ATTRIBUTES, 'SentTimestamp'],
      }),
    );
    return Messages;
  }

  #read({ Attributes }: Message, record: SqsRecord): HeldLetter[] {
    try {
      const turn = readTurn({ updateId: updateIdOf(record), turnJson: record.body });
      // In ms since 1970, and that of this queue even for what SQS itself moved here from a FIFO queue.
      return [{ turn, record, diedAt: new Date(Number(Attributes?.SentTimestamp)) }];
    } catch (error) {
      this.#options.onError(error, undefined);
      return [];
    }
  }

  /** Lets others read the letters at once. An error is only reported: they can be read when `READING_S` is over. */
  async #release(held: ReadonlyMap<string, SqsRecord>): Promise<void> {
    const { client, deadLetterQueueUrl, onError } = this.#options;
    for (const { receiptHandle } of held.values()) {
      const release = { QueueUrl: deadLetterQueueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: 0 };
      try {
        await client.send(new ChangeMessageVisibilityCommand(release));
      } catch (error) {
        onError(error, undefined);
      }
    }
  }
}

import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { WORKER_TIMEOUT } from './limits.ts';

/**
 * Lambda demands at least the function's timeout, and recommends six times as much. That would make a conversation whose worker died before
 * its first heartbeat wait for 90 minutes. Six times is for functions whose retries SQS counts; ours are counted by the worker, which also
 * shortens the timeout with its first heartbeat.
 */
const VISIBILITY = WORKER_TIMEOUT.plus(Duration.minutes(1));

/**
 * The most that SQS allows, and over what the worker itself makes of a turn: 3 tries, 15 deliveries of giving up, 60 deferrals and 730 waits for the
 * end of an outage. SQS's own count is only the net below it.
 */
const MAX_RECEIVE_COUNT = 1_000;

/** The longest that SQS keeps a message: time for somebody to look. */
const DEAD_LETTER_RETENTION = Duration.days(14);
const RETENTION = Duration.days(4);

/** The queues between webhook and worker, and where a turn goes that nothing could be done for. All FIFO: order is kept per conversation. */
export class TurnQueues extends Construct {
  readonly turns: Queue;
  /** For commands that touch no session: they wait behind no turn. */
  readonly asides: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const common = { fifo: true, encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };
    this.deadLetters = new Queue(this, 'DeadLetters', { ...common, retentionPeriod: DEAD_LETTER_RETENTION });
    const ofWork = {
      ...common,
      visibilityTimeout: VISIBILITY,
      retentionPeriod: RETENTION,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVE_COUNT },
    };
    this.turns = new Queue(this, 'Turns', ofWork);
    this.asides = new Queue(this, 'Asides', ofWork);
  }
}

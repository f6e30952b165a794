// record → turn → one try, its visibility extended meanwhile → deleted | visible again later | dead letter
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type SQSClient,
  SQSServiceException,
} from '@aws-sdk/client-sqs';
import type { Turn } from '@omnicloud/protocol';
import { ClaimLostError } from '../queue-errors.ts';
import { readTurn } from '../read-turn.ts';
import type { SqsDeadLetters } from './sqs-dead-letters.ts';
import { type SqsRecord, updateIdOf, visibilitySeconds } from './sqs-record.ts';
import { type RetryPolicy, tryTurn, type Verdict } from '../try-turn.ts';
import type { TurnHandler } from '../turn-queue.ts';

/** The visibility is extended this often within itself, so that one late heartbeat does not lose the delivery. */
const HEARTBEATS_PER_VISIBILITY = 3;

/** What handling a record takes. */
export interface SqsDelivery extends RetryPolicy {
  readonly client: SQSClient;
  /** The queue that the record came from. */
  readonly queueUrl: string;
  readonly deadLetters: Pick<SqsDeadLetters, 'add'>;
  /** How long after its last heartbeat a delivery is given out again, in ms. */
  readonly visibilityMs: number;
}

/** The answer of a function whose event source has `ReportBatchItemFailures`. */
export interface SqsBatchResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

/**
 * Handles the records of one event of an event source, groups side by side and each group in its order. After a failure the
 * rest of its group goes back untouched, but counts as tried: only with a batch size of 1 are tries exact.
 * @returns the records that come again; the others may be deleted (and are already)
 */
export async function handleSqsBatch(
  records: readonly SqsRecord[],
  handler: TurnHandler,
  delivery: SqsDelivery,
): Promise<SqsBatchResponse> {
  const groups = Map.groupBy(records, ({ attributes }) => attributes.MessageGroupId);
  const failed = await Promise.all(
    [...groups.values()].map((group) => handleGroup(group, handler, delivery)),
  );
  return { batchItemFailures: failed.flat().map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

async function handleGroup(
  records: readonly SqsRecord[],
  handler: TurnHandler,
  delivery: SqsDelivery,
): Promise<readonly SqsRecord[]> {
  for (const [index, record] of records.entries()) {
    if ((await handleSqsRecord(record, handler, delivery)) === 'handled') continue;
    for (const untouched of records.slice(index + 1)) await releaseSqsRecord(untouched, delivery);
    return records.slice(index);
  }
  return [];
}

/**
 * Makes one try of a record's turn and settles it with SQS. Never rejects: every error goes to `onError`, and a record that
 * could not be settled comes again when its visibility ends.
 * @returns `handled` when the message is no longer needed, `failed` when it comes again, or is another delivery's by now
 */
export async function handleSqsRecord(
  record: SqsRecord,
  handler: TurnHandler,
  delivery: SqsDelivery,
): Promise<'handled' | 'failed'> {
  const updateId = updateIdOf(record);
  const attempt = Number(record.attributes.ApproximateReceiveCount);
  let turn: Turn | undefined;
  let verdict: Verdict = { kind: 'dead' };
  try {
    turn = readTurn({ updateId, turnJson: record.body });
  } catch (error) {
    delivery.onError(error, undefined);
  }
  const stopExtending = keepInvisible(record, turn, delivery);
  let lostBy: unknown;
  try {
    if (turn) verdict = await tryTurn(handler, turn, attempt, { ...delivery, receipt: record.receiptHandle });
    if (verdict.kind === 'dead') verdict = await addToDeadLetters(record, { turn, attempt, delivery });
  } finally {
    lostBy = await stopExtending();
  }
  try {
    if (verdict.kind === 'again') await changeVisibility(record, verdict.afterMs, delivery);
    // A lenient server takes the receipt of a delivery that is over, and would take the message from the one that has it now.
    else if (verdict.kind !== 'taken') await remove(record, delivery);
  } catch (error) {
    if (isLost(error)) lostBy ??= error;
    else delivery.onError(error, turn);
  }
  if (lostBy) delivery.onError(new ClaimLostError(updateId, attempt, { cause: lostBy }), turn);
  return verdict.kind === 'again' || verdict.kind === 'taken' ? 'failed' : 'handled';
}

/**
 * Lets a message that was put off be given out at once: any caller may do that with the handle of the delivery that did it. What was given out
 * again meanwhile needs no hurry.
 */
export async function hurrySqsMessage(receiptHandle: string, delivery: SqsDelivery): Promise<void> {
  try {
    await changeVisibility({ receiptHandle }, 0, delivery);
  } catch (error) {
    if (!isLost(error)) throw error;
  }
}

/** Lets a message that was received too late be given out again at once; an error is reported. */
export async function releaseSqsRecord(record: SqsRecord, delivery: SqsDelivery): Promise<void> {
  try {
    await changeVisibility(record, 0, delivery);
  } catch (error) {
    delivery.onError(error, undefined);
  }
}

/** Only what lies among the dead letters may be deleted; what could not be put there is tried again. */
async function addToDeadLetters(
  record: SqsRecord,
  {
    turn,
    attempt,
    delivery: { deadLetters, onError, retryDelayMs },
  }: { readonly turn: Turn | undefined; readonly attempt: number; readonly delivery: SqsDelivery },
): Promise<Verdict> {
  try {
    await deadLetters.add(record);
    return { kind: 'dead' };
  } catch (error) {
    onError(error, turn);
    return { kind: 'again', afterMs: retryDelayMs(attempt) };
  }
}

/**
 * @returns a function that ends it, and waits for the last request: it must not overtake the one that settles the record. It resolves to
 *   the error by which SQS said that the message is no longer this delivery's, undefined when it did not.
 */
function keepInvisible(
  record: SqsRecord,
  turn: Turn | undefined,
  delivery: SqsDelivery,
): () => Promise<unknown> {
  const { visibilityMs, onError } = delivery;
  let extending = Promise.resolve();
  let lostBy: unknown;
  const extend = async (): Promise<void> => {
    if (lostBy) return;
    try {
      await changeVisibility(record, visibilityMs, delivery);
    } catch (error) {
      if (isLost(error)) lostBy = error;
      else onError(error, turn);
    }
  };
  // The queue's own visibility is that of a whole function run: a worker killed soon would block the chat for as long.
  extending = extend();
  const timer = setInterval(() => {
    extending = extending.then(extend);
  }, visibilityMs / HEARTBEATS_PER_VISIBILITY);
  return async () => {
    clearInterval(timer);
    await extending;
    return lostBy;
  };
}

async function changeVisibility(
  { receiptHandle }: Pick<SqsRecord, 'receiptHandle'>,
  afterMs: number,
  { client, queueUrl }: SqsDelivery,
): Promise<void> {
  await client.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: queueUrl,
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: visibilitySeconds(afterMs),
    }),
  );
}

async function remove({ receiptHandle }: SqsRecord, { client, queueUrl }: SqsDelivery): Promise<void> {
  await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle }));
}

/**
 * What a FIFO queue says of the handle of a message that it has given out again, or whose 12 hours are over. "Invalid parameter value" is the
 * one that AWS itself uses for a handle that has expired (https://repost.aws/knowledge-center/sqs-receipt-handle-error), and the client
 * models no class for it. No other value that is sent along can be wrong.
 */
const LOST = new Set([
  'InvalidParameterValue',
  'InvalidParameterValueException',
  'MessageNotInflight',
  'ReceiptHandleIsInvalid',
]);

function isLost(error: unknown): boolean {
  return error instanceof SQSServiceException && LOST.has(error.name);
}

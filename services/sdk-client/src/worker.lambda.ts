// SQS event → turn → agent server (stream) → Telegram → which messages come again
import {
  DynamoSessionTable,
  DynamoStopRequests,
  openDynamoTable,
  toleratingStops,
} from '@omnicloud/storage';
import type { Turn } from '@omnicloud/protocol';
import { openSecretsManager } from '@omnicloud/secrets';
import { endOnUnknownState } from '@omnicloud/settings';
import type { Context } from 'aws-lambda';
import { EmfMeter } from './emf-meter.ts';
import { currentTrace, parseWorkerEnvironment } from './lambda-config.ts';
import { openLambdaLog } from './lambda-log.ts';
import { DynamoBacklog } from './queue/backlog/dynamo-backlog.ts';
import { openSqsTurnQueue } from './queue/sqs/sqs-client.ts';
import { handleSqsBatch, type SqsBatchResponse } from './queue/sqs/sqs-delivery.ts';
import type { SqsRecord } from './queue/sqs/sqs-record.ts';
import { isStoreOutage } from './queue/outage.ts';
import { toleratingBacklog } from './queue/backlog/tolerating-backlog.ts';
import type { TurnHandler } from './queue/turn-queue.ts';
import { DynamoTurnLedger } from './turn/dynamo-turn-ledger.ts';
import { createTurnHandler, deferralsOf } from './relay/handle-turn.ts';
import { OwnerNotices } from './relay/owner-notices.ts';
import { openS3AttachmentStore } from './relay/files/s3-attachment-store.ts';
import { openS3SpilledRecords } from './turn/s3-spilled-records.ts';
import { SpillingTurnLedger } from './turn/spilling-turn-ledger.ts';
import { renewingFetch } from './relay/agent/renewing-fetch.ts';
import { TurnProgress } from './turn/turn-progress.ts';
import { tracedFetch } from './relay/agent/traced-fetch.ts';
import { TELEGRAM_PACE } from './reply/live-reply.ts';
import { openTelegramApi } from './telegram/telegram-api.ts';

/**
 * What has to fit between the end of the agent's run and this function's own: the agent server saves the session (45 s at most),
 * the last parts go to Telegram at its pace, the ledger and the queue are told. In ms.
 */
const MARGIN_MS = 75_000;

/** Lambda itself ends an environment after an error that nobody met; in ms. */
const PLATFORM_MS = 1_000;

const config = parseWorkerEnvironment();
const log = openLambdaLog(config.service);
const meter = new EmfMeter(config.service);
endOnUnknownState({ log: (message, error) => log.error(message, error), graceMs: PLATFORM_MS });
const secrets = openSecretsManager();
const table = openDynamoTable(config.table);
const queue = openSqsTurnQueue({
  queueUrl: config.queueUrl,
  asideQueueUrl: config.asideQueueUrl,
  deadLetterQueueUrl: config.deadLetterQueueUrl,
  onError: (error, turn) => log.error('Handling a message of the queue', error, turn?.update_id),
});
const stores = {
  queue,
  backlog: toleratingBacklog(new DynamoBacklog(table), (error) =>
    log.error('Going on without the view of what waits', error),
  ),
  table: new DynamoSessionTable(table),
  ledger: new SpillingTurnLedger({
    ledger: new DynamoTurnLedger(table),
    records: openS3SpilledRecords(config.bucket, config.hasOtherEndpoint),
    onLeftover: (error) => log.error('Removing a large record of the ledger', error),
  }),
  stops: toleratingStops(new DynamoStopRequests(table), (error) =>
    log.error('Going on although it cannot be seen what was stopped', error),
  ),
  attachments: openS3AttachmentStore(config.bucket, config.hasOtherEndpoint),
};
const ownerNotices = new OwnerNotices({ ownerId: config.ownerId });
const askAgent = tracedFetch(
  renewingFetch(() => secrets.refresh(config.serviceTokenSecret)),
  currentTrace,
);

/** An SQS event source with a batch size of 1 and `ReportBatchItemFailures`. */
export async function handler(
  event: { readonly Records: readonly SqsRecord[] },
  context: Context,
): Promise<SqsBatchResponse> {
  try {
    const delivery = queue.deliveryFrom(event.Records[0]?.eventSourceARN);
    return await handleSqsBatch(event.Records, turnHandler(context), delivery);
  } finally {
    meter.flush();
  }
}

/** What it needs is opened inside of each try: a secret that cannot be read now is a failed try, and the queue knows what to do. */
function turnHandler(context: Context): TurnHandler {
  const open = async (): Promise<TurnHandler> => {
    const [telegram, authToken] = await Promise.all([
      openTelegramApi({ secrets, tokenName: config.botTokenSecret, apiRoot: config.apiRoot }),
      secrets.get(config.serviceTokenSecret),
    ]);
    return createTurnHandler({
      api: telegram.api,
      telegramFiles: telegram.files,
      ownerId: config.ownerId,
      ownerNotices,
      ...stores,
      agent: { url: config.agentServerUrl, authToken, fetch: askAgent },
      pace: TELEGRAM_PACE,
      ...(config.maxContinuations === undefined ? {} : { maxContinuations: config.maxContinuations }),
      timeLimitMs: () => context.getRemainingTimeInMillis() - MARGIN_MS,
      meter,
      onSummary: (summary, turn) => log.info('A turn is over', turn.update_id, summary),
      onError: (error, turn) => log.error('Answering a turn', error, turn.update_id),
    });
  };
  /** A secret that cannot be had costs a try, unless it may be had later. */
  const opened = async (turn: Turn): Promise<TurnHandler> => {
    try {
      return await open();
    } catch (error) {
      if (!isStoreOutage(error)) await TurnProgress.resume(stores.ledger, turn.update_id);
      throw error;
    }
  };
  return {
    handle: async (turn, attempt, receipt) => (await opened(turn)).handle(turn, attempt, receipt),
    deferrals: (turn, delivery) => deferralsOf(stores.ledger, turn, delivery),
    sayUnnoted: async (turn, what) => (await opened(turn)).sayUnnoted?.(turn, what),
    giveUp: async (turn) => (await opened(turn)).giveUp(turn),
  };
}

// SQS event → turn → agent server (stream) → Telegram → which messages come again
import { DynamoSessionTable, DynamoStopRequests, openDynamoTable } from '@omnicloud/storage';
import { openSecretsManager } from '@omnicloud/secrets';
import { endOnUnknownState } from '@omnicloud/settings';
import type { Context } from 'aws-lambda';
import { EmfMeter } from './emf-meter.ts';
import { currentTrace, parseWorkerEnvironment } from './lambda-config.ts';
import { openLambdaLog } from './lambda-log.ts';
import { openWorker } from './open-worker.ts';
import { DynamoBacklog } from './queue/backlog/dynamo-backlog.ts';
import { openSqsTurnQueue } from './queue/sqs/sqs-client.ts';
import { handleSqsBatch, type SqsBatchResponse } from './queue/sqs/sqs-delivery.ts';
import type { SqsRecord } from './queue/sqs/sqs-record.ts';
import { DynamoTurnLedger } from './turn/dynamo-turn-ledger.ts';
import { openS3AttachmentStore } from './relay/files/s3-attachment-store.ts';
import { openS3SpilledRecords } from './turn/s3-spilled-records.ts';
import { SpillingTurnLedger } from './turn/spilling-turn-ledger.ts';
import { renewingFetch } from './relay/agent/renewing-fetch.ts';
import { tracedFetch } from './relay/agent/traced-fetch.ts';
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
  backlog: new DynamoBacklog(table),
  table: new DynamoSessionTable(table),
  ledger: new SpillingTurnLedger({
    ledger: new DynamoTurnLedger(table),
    records: openS3SpilledRecords(config.bucket, config.hasOtherEndpoint),
    onLeftover: (error) => log.error('Removing a large record of the ledger', error),
  }),
  stops: new DynamoStopRequests(table),
  attachments: openS3AttachmentStore(config.bucket, config.hasOtherEndpoint),
};
const askAgent = tracedFetch(
  renewingFetch(() => secrets.refresh(config.serviceTokenSecret)),
  currentTrace,
);

const worker = openWorker({
  stores,
  connect: async () => {
    const [telegram, authToken] = await Promise.all([
      openTelegramApi({ secrets, tokenName: config.botTokenSecret, apiRoot: config.apiRoot }),
      secrets.get(config.serviceTokenSecret),
    ]);
    return {
      api: telegram.api,
      telegramFiles: telegram.files,
      agent: { url: config.agentServerUrl, authToken, fetch: askAgent },
    };
  },
  log,
  meter,
  ownerId: config.ownerId,
  maxContinuations: config.maxContinuations,
});

/** An SQS event source with a batch size of 1 and `ReportBatchItemFailures`. */
export async function handler(
  event: { readonly Records: readonly SqsRecord[] },
  context: Context,
): Promise<SqsBatchResponse> {
  try {
    const delivery = queue.deliveryFrom(event.Records[0]?.eventSourceARN);
    return await handleSqsBatch(
      event.Records,
      worker(() => context.getRemainingTimeInMillis() - MARGIN_MS),
      delivery,
    );
  } finally {
    meter.flush();
  }
}

export { type ClientConfig, clientSchema } from './config.ts';
export {
  parseWebhookEnvironment,
  parseWorkerEnvironment,
  type WebhookConfig,
  type WorkerConfig,
} from './lambda-config.ts';
export type { ClientLog } from './client-log.ts';
export { TelegramError } from './errors.ts';
export { openIntake, openWebhook } from './open-webhook.ts';
export { openWorker, type WorkerStores } from './open-worker.ts';
export type { Backlog } from './queue/backlog/backlog.ts';
export { DynamoBacklog, type DynamoBacklogOptions } from './queue/backlog/dynamo-backlog.ts';
export { toleratingBacklog } from './queue/backlog/tolerating-backlog.ts';
export { SqliteBacklog, type SqliteBacklogOptions } from './queue/backlog/sqlite-backlog.ts';
export { SqliteTurnQueue } from './queue/sqlite/sqlite-turn-queue.ts';
export { SqsTurnQueue } from './queue/sqs/sqs-turn-queue.ts';
export type { DeadLetter, TurnQueue } from './queue/turn-queue.ts';
export type { Intake } from './receive/accept-update.ts';
export { ALLOWED_UPDATES } from './receive/allowed-updates.ts';
export { pollUpdates } from './receive/poll-updates.ts';
export { registerWebhook } from './telegram/register-webhook.ts';
export { SqliteTurnLedger } from './turn/sqlite-turn-ledger.ts';
export { DynamoTurnLedger, type DynamoTurnLedgerOptions } from './turn/dynamo-turn-ledger.ts';
export { S3SpilledRecords, type S3SpilledRecordsOptions } from './turn/s3-spilled-records.ts';
export type { SpilledRecords } from './turn/spilled-records.ts';
export { SpillingTurnLedger, type SpillingOptions } from './turn/spilling-turn-ledger.ts';
export type { TurnLedger } from './turn/turn-ledger.ts';
export { type Measure, type Meter } from './relay/meter.ts';
export { type AttachmentStore, AttachmentStoreError } from './relay/files/attachment-store.ts';
export { S3AttachmentStore, type S3AttachmentStoreOptions } from './relay/files/s3-attachment-store.ts';
export { showPlaces } from './relay/show-places.ts';
export { type EditPace, TELEGRAM_PACE } from './reply/live-reply.ts';
export { fetchFromBotApi } from './telegram/bot-api-fetch.ts';
export { summaryLine } from './relay/summarise-turn.ts';
export { toTelegramError } from './telegram/telegram-chat.ts';
export { type TelegramFiles, telegramFiles } from './telegram/telegram-files.ts';
export { commandMenu } from './reply/texts.ts';

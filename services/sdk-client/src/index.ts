export { type ClientConfig, parseClientConfig } from './config.ts';
export {
  parseWebhookEnvironment,
  parseWorkerEnvironment,
  type WebhookConfig,
  type WorkerConfig,
} from './lambda-config.ts';
export { TelegramError } from './errors.ts';
export type { Backlog } from './queue/backlog.ts';
export { DynamoBacklog, type DynamoBacklogOptions } from './queue/dynamo-backlog.ts';
export { toleratingBacklog } from './queue/tolerating-backlog.ts';
export { SqliteBacklog, type SqliteBacklogOptions } from './queue/sqlite-backlog.ts';
export { SqliteTurnQueue } from './queue/sqlite-turn-queue.ts';
export { SqsTurnQueue } from './queue/sqs-turn-queue.ts';
export type { DeadLetter, TurnQueue } from './queue/turn-queue.ts';
export type { Intake } from './receive/accept-update.ts';
export { ALLOWED_UPDATES } from './receive/allowed-updates.ts';
export { pollUpdates } from './receive/poll-updates.ts';
export { registerWebhook } from './receive/register-webhook.ts';
export { ToldStrangers } from './receive/told-strangers.ts';
export { createWebhook } from './receive/webhook.ts';
export { SqliteTurnLedger } from './relay/sqlite-turn-ledger.ts';
export { DynamoTurnLedger, type DynamoTurnLedgerOptions } from './relay/dynamo-turn-ledger.ts';
export { S3SpilledRecords, type S3SpilledRecordsOptions } from './relay/s3-spilled-records.ts';
export type { SpilledRecords } from './relay/spilled-records.ts';
export { SpillingTurnLedger, type SpillingOptions } from './relay/spilling-turn-ledger.ts';
export type { TurnLedger } from './relay/turn-ledger.ts';
export { type Measure, type Meter } from './relay/meter.ts';
export { type AttachmentStore, AttachmentStoreError } from './relay/attachment-store.ts';
export { S3AttachmentStore, type S3AttachmentStoreOptions } from './relay/s3-attachment-store.ts';
export { createTurnHandler, type TurnHandlerDeps } from './relay/handle-turn.ts';
export { OwnerNotices } from './relay/owner-notices.ts';
export { showPlaces } from './relay/show-places.ts';
export { type EditPace, TELEGRAM_PACE } from './reply/live-reply.ts';
export { fetchFromBotApi } from './reply/bot-api-fetch.ts';
export { summaryLine } from './relay/summarise-turn.ts';
export { toTelegramError } from './reply/telegram-chat.ts';
export { type TelegramFiles, telegramFiles } from './reply/telegram-files.ts';
export { commandMenu } from './reply/texts.ts';

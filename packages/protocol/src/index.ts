export {
  type Attachment,
  attachmentObjectKey,
  MAX_ATTACHMENT_BYTES,
  MAX_ATTACHMENTS,
  type MissingFile,
  missingFileSchema,
  type SentFile,
  sentFileSchema,
  type TelegramFile,
  telegramFileSchema,
} from './attachment.ts';
export {
  outboxObject,
  ownerObject,
  damagedObject,
  packObject,
  SESSION_MAPPING_DAYS,
  SESSION_RENEWAL_DAYS,
  sessionFolderKey,
  type SessionObject,
  sessionKey,
  sessionObjectKey,
  snapshotObject,
} from './identifiers.ts';
export { joinPieces } from './join-pieces.ts';
export { decodeEvents, encodeEvent, EventStreamError } from './ndjson.ts';
export { openApiDocument } from './openapi.ts';
export {
  type FailedEvent,
  type FinishedEvent,
  HEARTBEAT_INTERVAL_MS,
  isTerminal,
  type RunEvent,
  runEventSchema,
  type RunResponse,
  runResponseSchema,
  type TerminalEvent,
  type Usage,
} from './run-event.ts';
export {
  createSessionSchema,
  IDEMPOTENCY_HEADER,
  MAX_IDEMPOTENCY_KEY_LENGTH,
  MAX_USER_MESSAGE_LENGTH,
  messagePath,
  NDJSON_MEDIA_TYPE,
  routes,
  type RunMetadata,
  sendMessageSchema,
  SESSION_KEY_HEADER,
  sessionPathSchema,
} from './run-request.ts';
export {
  ARCHIVE_MEDIA_TYPE,
  exportPath,
  exportQuerySchema,
  filePath,
  fileRoutes,
  outboxPath,
  outboxPathSchema,
  sessionFilesSchema,
  type SessionFiles,
  type WorkspaceFigures,
  workspaceFiguresSchema,
} from './session-files.ts';
export {
  leaseKey,
  backlogKey,
  stopKey,
  TABLE_PARTITION_KEY,
  TABLE_TTL_ATTRIBUTE,
  ttlSeconds,
  turnKey,
} from './table-keys.ts';
export {
  type Command,
  COMMANDS,
  groupOf,
  keptAnswerOf,
  keptGroupOf,
  type Refusal,
  sessionKeyOf,
  type Turn,
  turnSchema,
} from './turn.ts';
export {
  errorBodySchema,
  httpStatusOf,
  type WireError,
  wireError,
  type WireErrorCode,
  wireErrorSchema,
} from './wire-error.ts';

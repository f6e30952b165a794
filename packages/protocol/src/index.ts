export {
  type Attachment,
  MAX_ATTACHMENT_BYTES,
  MAX_ATTACHMENTS,
  type MissingFile,
  missingFileSchema,
  type SentFile,
  sentFileSchema,
  type TelegramFile,
  telegramFileSchema,
} from './attachment.ts';
export { sessionKey } from './identifiers.ts';
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

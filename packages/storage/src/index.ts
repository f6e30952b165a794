export { openDynamoTable } from './dynamo/dynamo-client.ts';
export { createDynamoTable } from './dynamo/dynamo-create-table.ts';
export { DispensableFile } from './sqlite/dispensable-file.ts';
export { DynamoSessionTable, type DynamoSessionTableOptions } from './sessions/dynamo-session-table.ts';
export { DynamoStopRequests, type DynamoStopRequestsOptions } from './stops/dynamo-stop-requests.ts';
export { DynamoTable, type DynamoTableOptions, type TableAttributes } from './dynamo/dynamo-table.ts';
export { DynamoTableError } from './dynamo/dynamo-table-error.ts';
export { persistent, persistently } from './persistent.ts';
export { isProcessGone, type ProcessIdentity, startOf } from './sqlite/process-life.ts';
export { OncePerOutage } from './sqlite/once-per-outage.ts';
export type { StopRequests } from './stops/stop-requests.ts';
export { toleratingStops } from './stops/tolerating-stops.ts';
export type { Claim, SessionMapping, SessionTable } from './sessions/session-table.ts';
export { openSqliteFile } from './sqlite/sqlite-file.ts';
export { SqliteFileError } from './sqlite/sqlite-file-error.ts';
export { NewerSchemaError, sqliteAdvice } from './sqlite/sqlite-open-error.ts';
export { SqliteSessionTable, type SqliteSessionTableOptions } from './sessions/sqlite-session-table.ts';
export { SqliteStopRequests, type SqliteStopRequestsOptions } from './stops/sqlite-stop-requests.ts';
export {
  attachmentObjectKey,
  damagedObject,
  outboxObject,
  ownerObject,
  packObject,
  SESSION_MAPPING_DAYS,
  SESSION_RENEWAL_DAYS,
  sessionFolderKey,
  type SessionObject,
  sessionObjectKey,
  snapshotObject,
} from './object-names.ts';
export {
  backlogKey,
  leaseKey,
  stopKey,
  TABLE_PARTITION_KEY,
  TABLE_TTL_ATTRIBUTE,
  ttlSeconds,
  turnKey,
} from './table-keys.ts';

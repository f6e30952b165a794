export type { SessionMapping, SessionTable } from './session-table.ts';
export { NewerSchemaError, openSqliteFile } from './sqlite-file.ts';
export { SqliteSessionTable, type SqliteSessionTableOptions } from './sqlite-session-table.ts';

import { join } from 'node:path';
import {
  DynamoSessionTable,
  DynamoStopRequests,
  openDynamoTable,
  type SessionTable,
  SqliteSessionTable,
  SqliteStopRequests,
  type StopRequests,
} from '@omnicloud/storage';
import type { StoresConfig } from './container-config.ts';
import { DirectorySessionStore } from './session/store/directory-session-store.ts';
import { DynamoSessionLeases } from './session/lease/dynamo-session-leases.ts';
import { isHolderGone } from './session/lease/lease-holder.ts';
import { openS3SessionStore } from './session/store/s3-client.ts';
import type { SessionLeases } from './session/lease/session-lease.ts';
import type { SessionStore } from './session/store/session-store.ts';
import { SqliteSessionLeases } from './session/lease/sqlite-session-leases.ts';

/** Everything of the agent server that outlives its process. */
export interface AgentStores {
  readonly store: SessionStore;
  readonly leases: SessionLeases;
  readonly table: SessionTable;
  readonly stops: StopRequests;
}

/** @throws NewerSchemaError, or SQLite's own error, when embedded stores cannot be opened. */
export function openAgentStores(config: StoresConfig): AgentStores {
  if (config.kind === 'aws') {
    const table = openDynamoTable(config.table);
    return {
      store: openS3SessionStore(config.bucket, config.hasOtherEndpoint),
      leases: new DynamoSessionLeases(table),
      table: new DynamoSessionTable(table),
      stops: new DynamoStopRequests(table),
    };
  }
  const { directory } = config;
  return {
    store: new DirectorySessionStore(join(directory, 'objects')),
    leases: new SqliteSessionLeases({ directory, isHolderGone }),
    table: new SqliteSessionTable({ directory }),
    stops: new SqliteStopRequests({ directory }),
  };
}

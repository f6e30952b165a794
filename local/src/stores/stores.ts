import { join } from 'node:path';
import {
  DirectorySessionStore,
  isHolderGone,
  type SessionLeases,
  type SessionStore,
  SqliteSessionLeases,
} from '@omnicloud/agent-container';
import {
  type AttachmentStore,
  type Backlog,
  SpillingTurnLedger,
  SqliteBacklog,
  SqliteTurnLedger,
  SqliteTurnQueue,
  type TurnLedger,
  type TurnQueue,
} from '@omnicloud/sdk-client';
import {
  type SessionTable,
  SqliteSessionTable,
  SqliteStopRequests,
  type StopRequests,
} from '@omnicloud/storage';
import { DirectoryAttachmentStore } from './directory-attachment-store.ts';
import { DirectorySpilledRecords } from './directory-spilled-records.ts';
import type { Log } from '../log.ts';

/** How the queue behaves in time; what is not given is the adapter's own. */
export type QueueTiming = Pick<
  ConstructorParameters<typeof SqliteTurnQueue>[0],
  'retryDelayMs' | 'visibilityMs' | 'concurrency'
>;

/** Everything that outlives the process. */
export interface Stores {
  readonly objects: SessionStore;
  readonly leases: SessionLeases;
  readonly table: SessionTable;
  readonly stops: StopRequests;
  readonly ledger: TurnLedger;
  readonly queue: TurnQueue;
  readonly backlog: Backlog;
  readonly attachments: AttachmentStore;
  /** To be called when nothing uses them any more. */
  close(): void;
}

/**
 * Opens the embedded stores: a directory for the objects, SQLite files for the rest.
 * @throws NewerSchemaError when a newer release wrote them; SQLite's own error when they cannot be opened.
 */
export function openEmbeddedStores(directory: string, log: Log, timing: QueueTiming = {}): Stores {
  const table = new SqliteSessionTable({ directory });
  const onTrouble = (error: unknown): void => log.error('A store that decides nothing', error);
  const stops = new SqliteStopRequests({ directory, onTrouble });
  const leases = new SqliteSessionLeases({ directory, isHolderGone });
  const ledger = new SqliteTurnLedger(directory);
  const backlog = new SqliteBacklog({ directory, onTrouble });
  const queue = new SqliteTurnQueue({
    directory,
    onError: (error, turn) => log.error(`Queue${turn ? `, update ${turn.update_id}` : ''}`, error),
    ...timing,
  });
  const objects = new DirectorySessionStore(join(directory, 'objects'));
  const files = [queue, backlog, ledger, leases, stops, table];
  return {
    objects,
    attachments: new DirectoryAttachmentStore(objects),
    leases,
    table,
    stops,
    ledger: new SpillingTurnLedger({
      ledger,
      records: new DirectorySpilledRecords(objects),
      onLeftover: withLeftover(log),
    }),
    queue,
    backlog,
    close: () => {
      for (const file of files) file.close();
    },
  };
}

/** @returns what reports a large record of the ledger that stays although nobody needs it. */
export function withLeftover(log: Log): (error: unknown) => void {
  return (error) => log.error('Removing a large record of the ledger', error);
}

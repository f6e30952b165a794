import { openAwsStores } from '@omnicloud/local/internal/stores/aws-stores.ts';
import { consoleLog } from '@omnicloud/local/internal/log.ts';
import { openEmbeddedStores, type Stores } from '@omnicloud/local/internal/stores/stores.ts';
import { AgentError } from '@omnicloud/agent-container/internal/errors.ts';
import { BacklogUnavailableError, QueueUnavailableError } from '@omnicloud/sdk-client/internal/errors.ts';
import type { StoreChoice, StoreFaults } from './config.ts';
import { faulty } from '../harm/faulty-port.ts';

interface StoreOptions {
  readonly store: StoreChoice;
  readonly faults: StoreFaults;
  readonly visibilityMs: number;
}

/**
 * Opens the stores as the product does. The embedded ones fail and are slow in here; what the AWS ones meet, they meet on the wire.
 * @throws as `openAwsStores` does.
 */
export async function openStores({ store, faults, visibilityMs }: StoreOptions): Promise<Stores> {
  if (store.kind === 'aws') return openAwsStores(store.config, consoleLog, { visibilityMs });
  const stores = openEmbeddedStores(store.directory, consoleLog, { visibilityMs });
  const broken = (): Error => Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR' });
  const unavailable = (): Error => new AgentError('store_unavailable', 'The chaos made this store fail');
  return {
    ...stores,
    objects: faulty('objects', stores.objects, { faults, error: unavailable }),
    leases: faulty('leases', stores.leases, { faults, error: unavailable }),
    table: faulty('table', stores.table, { faults, error: broken }),
    stops: faulty('stops', stores.stops, { faults, error: broken }),
    ledger: faulty('ledger', stores.ledger, { faults, error: broken }),
    backlog: faulty('backlog', stores.backlog, {
      faults,
      error: () => new BacklogUnavailableError('The chaos made it fail'),
    }),
  };
}

/** @returns the queue as the webhook meets it; to a worker it is a loop of its own, with nothing to put in between. */
export function faultyIntake({ queue }: Stores, { store, faults }: StoreOptions): Stores['queue'] {
  const unavailable = (): Error => new QueueUnavailableError('The chaos made the queue fail');
  return store.kind === 'aws' ? queue : faulty('queue', queue, { faults, error: unavailable });
}

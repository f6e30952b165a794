// the harness's Telegram → the webhook, on a port of its own → the shared queue
import { createWebhook, SqliteBacklog, SqliteTurnQueue } from '@omnicloud/sdk-client';
import { SqliteStopRequests } from '@omnicloud/session-table';
import { listen } from '../../local/src/listen.ts';
import { QueueUnavailableError } from '../../services/sdk-client/src/errors.ts';
import { parseWebhookOptions } from './config.ts';
import { faulty } from './faulty-port.ts';

const { dataDir: directory, secret, allowedUsers, faults } = parseWebhookOptions();
const report = (error: unknown): void => console.error(new Date().toISOString(), error);
const failure = (): Error => Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR' });
const unavailable = (): Error => new QueueUnavailableError('The chaos made the queue fail');

const webhook = createWebhook({
  queue: faulty('queue', new SqliteTurnQueue({ directory, onError: report }), faults, unavailable),
  backlog: faulty('backlog', new SqliteBacklog({ directory }), faults, failure),
  stops: faulty('stops', new SqliteStopRequests({ directory }), faults, failure),
  allowedUsers: new Set(allowedUsers),
  secret,
  onIgnored: () => undefined,
  onError: report,
});
const listener = await listen('127.0.0.1', 0);
listener.serve((request) => webhook.fetch(request));
// Without the harness nobody writes.
process.on('disconnect', () => process.exit());
process.send?.({ port: listener.port });

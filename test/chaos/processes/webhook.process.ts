// the harness's Telegram → the webhook, on a port of its own → the shared queue
import './troubles.ts';
import { openWebhook } from '@omnicloud/sdk-client';
import { listen } from '@omnicloud/local/internal/listen.ts';
import { clientLog } from '@omnicloud/local/internal/log.ts';
import { parseWebhookOptions } from './config.ts';
import { faultyIntake, openStores } from './stores.ts';

const options = parseWebhookOptions();
const report = (error: unknown): void => console.error(new Date().toISOString(), error);
const stores = await openStores(options);
const webhook = openWebhook({
  stores: { ...stores, queue: faultyIntake(stores, options) },
  allowedUsers: new Set(options.allowedUsers),
  secret: () => options.secret,
  log: clientLog({ info: () => undefined, error: (_, error) => report(error) }),
});
const listener = await listen('127.0.0.1', 0);
listener.serve((request) => webhook.fetch(request));
// Without the harness nobody writes.
process.on('disconnect', () => process.exit());
process.send?.({ port: listener.port });

// one worker: the shared queue → agent servers behind the harness's proxy → the harness's Telegram
import { createTurnHandler, SqliteBacklog, SqliteTurnLedger, SqliteTurnQueue } from '@omnicloud/sdk-client';
import { SqliteSessionTable, SqliteStopRequests } from '@omnicloud/session-table';
import { Api } from 'grammy/web';
import { parseWorkerOptions } from './config.ts';
import { faulty } from './faulty-port.ts';

const options = parseWorkerOptions();
const { dataDir: directory, faults } = options;
const report = (error: unknown): void => console.error(new Date().toISOString(), error);
const failure = (): Error => Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR' });
const pace = { firstAfterMs: 150, betweenMs: 150 };

const queue = new SqliteTurnQueue({
  directory,
  onError: report,
  visibilityMs: options.visibilityMs,
});
const api = new Api(options.botToken, { apiRoot: options.telegramUrl, timeoutSeconds: 10 });
const noFiles = (): never => {
  throw new Error('Nobody sends files here');
};
const handler = createTurnHandler({
  api,
  telegramFiles: { download: noFiles },
  attachments: { put: noFiles },
  queue,
  backlog: faulty('backlog', new SqliteBacklog({ directory }), faults, failure),
  table: faulty('table', new SqliteSessionTable({ directory }), faults, failure),
  stops: faulty('stops', new SqliteStopRequests({ directory }), faults, failure),
  ledger: faulty('ledger', new SqliteTurnLedger(directory), faults, failure),
  agent: { url: options.agentUrl, authToken: options.authToken, silenceMs: options.silenceMs },
  pace: { private: pace, group: pace },
  onError: report,
});
// Without the harness there is nothing to work for.
process.on('disconnect', () => process.exit());
process.send?.({ port: 0 });
await queue.serve(handler, new AbortController().signal);

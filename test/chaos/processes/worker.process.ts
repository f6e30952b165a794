// one worker: the shared queue → agent servers behind the harness's proxy → the harness's Telegram
import './troubles.ts';
import { openWorker, telegramFiles } from '@omnicloud/sdk-client';
import { clientLog } from '@omnicloud/local/internal/log.ts';
import { Api } from 'grammy/web';
import { parseWorkerOptions } from './config.ts';
import { mutateApi } from '../mutants/mutated-api.ts';
import { mutatedHandler, mutatedStores } from '../mutants/mutants.ts';
import { openStores } from './stores.ts';

const options = parseWorkerOptions();
const report = (error: unknown): void => console.error(new Date().toISOString(), error);
const pace = { firstAfterMs: 150, betweenMs: 150 };

const stores = mutatedStores(await openStores(options), options.mutant);
const api = new Api(options.botToken, { apiRoot: options.telegramUrl, timeoutSeconds: 10 });
mutateApi(api, options.mutant);
const filesUrl = `${options.telegramUrl}/file/bot${options.botToken}`;
const worker = openWorker({
  stores,
  connect: () => ({
    api,
    telegramFiles: telegramFiles(api, (path) => `${filesUrl}/${path}`),
    agent: { url: options.agentUrl, authToken: options.authToken, silenceMs: options.silenceMs },
  }),
  log: clientLog({ info: () => undefined, error: (_, error) => report(error) }),
  pace: { private: pace, group: pace },
});
const handler = mutatedHandler(worker(), options.mutant);
// Without the harness there is nothing to work for.
process.on('disconnect', () => process.exit());
process.send?.({ port: 0 });
await stores.queue.serve(handler, new AbortController().signal);

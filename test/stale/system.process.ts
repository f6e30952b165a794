// the whole system in one process, as on a machine of its own: webhook → queue → worker → agent server → CLI
import { openAgentServer, parseAgentConfig, prepareWork } from '@omnicloud/agent-container';
import { openSecretsManager } from '@omnicloud/secrets';
import { openWebhook, openWorker } from '@omnicloud/sdk-client';
import { telegramApi } from '@omnicloud/local/internal/connect-telegram.ts';
import { listen, ownUrlOf } from '@omnicloud/local/internal/listen.ts';
import { clientLog } from '@omnicloud/local/internal/log.ts';
import { parseStaleOptions, searchPath } from './config.ts';
import { openStores } from './stores.ts';

const AUTH_TOKEN = 'the-token-of-the-stale-writer';
const MODEL_ID = 'anthropic.stale-model-v1:0';
/** Far shorter than in production, so that a test outlasts it. */
const LEASE_TIMING = { ttlMs: 2_000, heartbeatMs: 300 };
const AT_ONCE = { firstAfterMs: 0, betweenMs: 100 };

/** What the test reads, a line each: an error by its code, or what became of a turn. */
const tell = (word: string): void => console.log(word);
const report = (error: unknown): void =>
  tell(`error ${error instanceof Error && 'code' in error ? String(error.code) : String(error)}`);

const options = parseStaleOptions();
const stores = openStores(options, report);
const config = parseAgentConfig({
  PATH: searchPath(),
  CLAUDE_CODE_USE_BEDROCK: '1',
  CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1',
  ANTHROPIC_BEDROCK_BASE_URL: options.modelUrl,
  ANTHROPIC_DEFAULT_OPUS_MODEL: MODEL_ID,
  ANTHROPIC_DEFAULT_SONNET_MODEL: MODEL_ID,
  ANTHROPIC_DEFAULT_HAIKU_MODEL: MODEL_ID,
});
const { objects: store, leases, table, stops } = stores;
const log = { info: () => undefined, error: (_: string, error: unknown) => report(error) };
const agent = await openAgentServer({
  agent: config,
  work: await prepareWork({ workRoot: options.workRoot, storeFolders: [], isOneRunAtATime: false, log }),
  openStores: () => ({ store, leases, table, stops }),
  token: { value: AUTH_TOKEN },
  secrets: openSecretsManager(),
  log: { ...log, within: (_, work) => work() },
  forTests: { leaseTiming: LEASE_TIMING },
});
const webhook = openWebhook({
  stores,
  allowedUsers: new Set([options.person]),
  secret: () => options.webhookSecret,
  log: clientLog(log),
});
const listener = await listen('127.0.0.1', 0);
const telegram = telegramApi(options.botToken, options.telegramUrl);
const worker = openWorker({
  stores,
  connect: () => ({
    api: telegram.api,
    telegramFiles: telegram.files,
    agent: { url: ownUrlOf('127.0.0.1', listener.port), authToken: AUTH_TOKEN },
  }),
  log: clientLog(log),
  pace: { private: AT_ONCE, group: AT_ONCE },
});
const handler = worker();
listener.serve((request) =>
  new URL(request.url).pathname === '/webhook' ? webhook.fetch(request) : agent.fetch(request),
);
// Without the test there is nothing to work for.
process.on('disconnect', () => process.exit());
tell(`ready ${ownUrlOf('127.0.0.1', listener.port)}`);
await stores.queue.serve(
  {
    ...handler,
    handle: async (turn, attempt) => {
      const outcome = await handler.handle(turn, attempt).finally(() => tell(`over ${turn.update_id}`));
      tell(`${outcome.kind} ${turn.update_id}`);
      return outcome;
    },
  },
  new AbortController().signal,
);

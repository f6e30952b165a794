// one agent server on a port of its own: scripted sessions, and real ones
import './troubles.ts';
import { openAgentServer, parseAgentConfig, prepareWork } from '@omnicloud/agent-container';
import { listen } from '@omnicloud/local/internal/listen.ts';
import { openSecretsManager } from '@omnicloud/secrets';
import { parseAgentOptions, searchPath } from './config.ts';
import { mutatedRuntime, mutatedStores } from '../mutants/mutants.ts';
import { Random } from '../surroundings/random.ts';
import { ScriptedRuntime } from './scripted-runtime.ts';
import { openStores } from './stores.ts';

/** In a question, it asks for the real agent. */
const REAL = '(real)';
const MODEL_ID = 'anthropic.chaos-model-v1:0';

const options = parseAgentOptions();
const report = (error: unknown): void => console.error(new Date().toISOString(), error);

const config = parseAgentConfig({
  PATH: searchPath(),
  CLAUDE_CODE_USE_BEDROCK: '1',
  CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1',
  ANTHROPIC_BEDROCK_BASE_URL: options.modelUrl,
  ANTHROPIC_DEFAULT_OPUS_MODEL: MODEL_ID,
  ANTHROPIC_DEFAULT_SONNET_MODEL: MODEL_ID,
  ANTHROPIC_DEFAULT_HAIKU_MODEL: MODEL_ID,
});
const scripted = new ScriptedRuntime(options.modelUrl, new Random(`${options.faults.seed}/runtime`));
const log = { info: () => undefined, error: (_: string, error: unknown) => report(error) };
const work = await prepareWork({
  workRoot: options.workRoot,
  storeFolders: [],
  isOneRunAtATime: false,
  log,
});
const { objects: store, leases, table, stops } = mutatedStores(await openStores(options), options.mutant);
const server = await openAgentServer({
  agent: config,
  work,
  openStores: () => ({ store, leases, table, stops }),
  token: { value: options.authToken },
  secrets: openSecretsManager(),
  log: { ...log, within: (_, work) => work() },
  forTests: {
    runtime: (real) =>
      mutatedRuntime(
        { run: (run) => (run.prompt.includes(REAL) ? real : scripted).run(run) },
        options.mutant,
      ),
    leaseTiming: { ttlMs: options.ttlMs, heartbeatMs: options.leaseHeartbeatMs },
    heartbeatMs: options.streamHeartbeatMs,
  },
});
const listener = await listen('127.0.0.1', 0);
listener.serve((request) => server.fetch(request));
// Without the harness there is nobody to serve.
process.on('disconnect', () => process.exit());
process.send?.({ port: listener.port });

// configuration → stores, runtime → the app behind a service token that may be replaced
import { mkdirSync } from 'node:fs';
import { IDEMPOTENCY_HEADER } from '@omnicloud/protocol';
import { openSecretsManager } from '@omnicloud/secrets';
import { toleratingStops } from '@omnicloud/storage';
import type { ContainerConfig } from './container-config.ts';
import type { ContainerLog } from './container-log.ts';
import { openContainerStores } from './container-stores.ts';
import { readAgentImage } from './run/agent-image.ts';
import { ClaudeRuntime } from './run/claude-runtime.ts';
import { chooseIsolation } from './run/isolation/choose-isolation.ts';
import type { AppDeps } from './serve/app.ts';
import { keepContext } from './serve/keep-context.ts';
import type { ServerBindings } from './serve/turn/run-limit.ts';
import { serveBehindSecret, serveBehindToken } from './serve/serve-behind-token.ts';
import { DiskWatch } from './run/disk/disk-watch.ts';
import { Homes, LONE_HOME_LIMITS } from './session/home/idle-homes.ts';

export interface AgentServer {
  /** Never rejects: what fails is an answer. */
  fetch(request: Request, bindings?: ServerBindings): Promise<Response>;
  /** How many runs there are right now. */
  readonly runs: number;
  /** True once something of a run may be left that another run would meet: this process is to end, and serves no run any more. */
  readonly isSpent: boolean;
  /** @returns when no run is left, those whose reader has gone included. */
  atRest(): Promise<void>;
  /** Ends what the runs shared. They are to be over by then. */
  close(): Promise<void>;
}

/**
 * @param isOneRunAtATime whether the platform never has two runs in this process at once, as on Lambda.
 * @throws ConfigError when the shell is on and cannot be confined here; other errors when the image's own files are missing or wrong, or
 *   the stores cannot be opened.
 */
export async function openAgentServer(
  config: ContainerConfig,
  log: ContainerLog,
  isOneRunAtATime: boolean,
): Promise<AgentServer> {
  const secrets = openSecretsManager();
  for (const notice of config.agent.notices ?? []) log.info(notice);
  mkdirSync(config.workRoot, { recursive: true, mode: 0o700 });
  const image = await readAgentImage(config.agentFolder);
  const isolation = await chooseIsolation(config.agent, {
    workRoot: config.workRoot,
    hidden: config.stores.kind === 'embedded' ? [config.stores.directory] : [],
    isOneRunAtATime,
    tell: (notice) => log.info(notice),
  });
  const runtime = new ClaudeRuntime(config.agent, image, {
    isolation,
    secrets,
    onError: (error) => log.error('A run', error),
  });
  const runs = new Set<Promise<void>>();
  const { workRoot } = config;
  const onDiskError = (error: unknown): void => log.error('The work folder', error);
  const homes = new Homes(workRoot, onDiskError, isOneRunAtATime ? LONE_HOME_LIMITS : undefined);
  // What a server that was killed left behind may be what fills the disk.
  await homes.scan();
  const disk = new DiskWatch({
    workRoot,
    ...(config.stores.kind === 'embedded' ? { alsoFree: [config.stores.directory] } : {}),
    limits: config.agent.diskLimits,
    onError: onDiskError,
  });
  const stores = openContainerStores(config.stores);
  const deps: Omit<AppDeps, 'authToken'> = {
    ...stores,
    stops: toleratingStops(stores.stops, (error) =>
      log.error('Going on although it cannot be seen what was stopped', error),
    ),
    runtime,
    workRoot,
    homes,
    disk,
    imageFolder: image.folder,
    corsOrigins: config.corsOrigins,
    ...(config.agent.turnLimitMs === undefined ? {} : { turnLimitMs: config.agent.turnLimitMs }),
    ...(config.agent.workspaceLimits === undefined ? {} : { workspaceLimits: config.agent.workspaceLimits }),
    onRun: (ended) => {
      runs.add(ended);
      void ended.then(() => runs.delete(ended));
    },
    onError: (error, sessionId) => log.error(sessionId === '' ? 'A request' : `Session ${sessionId}`, error),
  };
  const { serviceTokenSecret } = config;
  const serve =
    serviceTokenSecret === undefined
      ? serveBehindToken(deps, config.agent.authToken)
      : serveBehindSecret(deps, secrets, serviceTokenSecret);
  return {
    fetch: (request, bindings = {}) =>
      log.within(request.headers.get(IDEMPOTENCY_HEADER) ?? undefined, async () =>
        keepContext(await serve(request, bindings)),
      ),
    get runs() {
      return runs.size;
    },
    get isSpent() {
      return isolation?.isSpent === true;
    },
    atRest: async () => {
      await Promise.all(runs);
    },
    close: () => runtime.close(),
  };
}

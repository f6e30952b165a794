// work folder, stores → the image, the runtime → the app behind a service token that may be replaced
import { IDEMPOTENCY_HEADER } from '@omnicloud/protocol';
import type { Secrets } from '@omnicloud/secrets';
import { toleratingStops } from '@omnicloud/storage';
import type { AgentLog } from './agent-log.ts';
import type { AgentStores } from './agent-stores.ts';
import type { AgentConfig } from './config.ts';
import type { WorkPlace } from './prepare-work.ts';
import { readAgentImage } from './run/agent-image.ts';
import type { AgentRuntime } from './run/agent-runtime.ts';
import { ClaudeRuntime } from './run/claude-runtime.ts';
import { chooseIsolation } from './run/isolation/choose-isolation.ts';
import type { AppDeps } from './serve/app.ts';
import { keepContext } from './serve/keep-context.ts';
import { serveBehindSecret, serveBehindToken } from './serve/serve-behind-token.ts';
import type { ServerBindings } from './serve/turn/run-limit.ts';

export interface AgentServer {
  /** Never rejects: what fails is an answer. */
  fetch(request: Request, bindings?: ServerBindings): Promise<Response>;
  /** What the agent is, as its image's settings have it. */
  readonly model: string | undefined;
  /** How many runs there are right now. */
  readonly runs: number;
  /** True once something of a run may be left that another run would meet: this process is to end, and serves no run any more. */
  readonly isSpent: boolean;
  /** @returns when no run is left, those whose reader has gone included. */
  atRest(): Promise<void>;
  /** Ends what the runs shared. They are to be over by then. */
  close(): Promise<void>;
}

/** What differs between the places where the agent server runs. */
export interface AgentServerParts {
  readonly agent: AgentConfig;
  readonly work: WorkPlace;
  /** Called once the isolation was tried out: a container opens the stores then. Data that is there before that must be closed to a run. */
  readonly openStores: () => AgentStores;
  /** The token that callers must show: itself, or the name of the secret that holds it. */
  readonly token: { readonly value: string } | { readonly secret: string };
  readonly secrets: Secrets;
  readonly log: AgentLog;
  /** Further files that no run may read, besides the stores'. */
  readonly hidden?: readonly string[];
  /** The image's `agent/` folder; the one of this repository unless given. */
  readonly agentFolder?: string | undefined;
  /** Web pages of these origins may call the API from a browser. Without any, no page may. */
  readonly corsOrigins?: readonly string[];
  /** What a test does instead of production's times and runs. */
  readonly forTests?: Pick<AppDeps, 'alarm' | 'heartbeatMs' | 'leaseTiming'> & {
    /** @returns what runs the turns instead; `real` is the runtime with the CLI. */
    readonly runtime?: (real: AgentRuntime) => AgentRuntime;
  };
}

/**
 * The agent server as a value. Every host uses this composition: Lambda, a container, `npm start` and the tests. To be called before anything
 * is served.
 * @throws ConfigError when the shell is on and cannot be confined here; other errors when the image's own files are missing or wrong.
 */
export async function openAgentServer(parts: AgentServerParts): Promise<AgentServer> {
  const { agent, work, secrets, log } = parts;
  for (const notice of agent.notices ?? []) log.info(notice);
  const image = await readAgentImage(parts.agentFolder);
  const { workRoot, storeFolders, isOneRunAtATime } = work;
  const isolation = await chooseIsolation(agent, {
    workRoot,
    hidden: [...(parts.hidden ?? []), ...storeFolders],
    isOneRunAtATime,
    tell: (notice) => log.info(notice),
  });
  const runtime = new ClaudeRuntime(agent, image, {
    isolation,
    secrets,
    onError: (error) => log.error('A run', error),
  });
  const runs = new Set<Promise<void>>();
  const stores = parts.openStores();
  const { runtime: replaced, ...timing } = parts.forTests ?? {};
  const deps: Omit<AppDeps, 'authToken'> = {
    ...stores,
    stops: toleratingStops(stores.stops, (error) =>
      log.error('Going on although it cannot be seen what was stopped', error),
    ),
    runtime: replaced?.(runtime) ?? runtime,
    workRoot,
    homes: work.homes,
    disk: work.disk,
    imageFolder: image.folder,
    ...(parts.corsOrigins === undefined ? {} : { corsOrigins: parts.corsOrigins }),
    ...(agent.turnLimitMs === undefined ? {} : { turnLimitMs: agent.turnLimitMs }),
    ...(agent.workspaceLimits === undefined ? {} : { workspaceLimits: agent.workspaceLimits }),
    ...timing,
    onRun: (ended) => {
      runs.add(ended);
      void ended.then(() => runs.delete(ended));
    },
    onError: (error, sessionId) => log.error(sessionId === '' ? 'A request' : `Session ${sessionId}`, error),
  };
  const { token } = parts;
  const serve =
    'value' in token ? serveBehindToken(deps, token.value) : serveBehindSecret(deps, secrets, token.secret);
  return {
    fetch: (request, bindings = {}) =>
      log.within(request.headers.get(IDEMPOTENCY_HEADER) ?? undefined, async () =>
        keepContext(await serve(request, bindings)),
      ),
    model: image.model,
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

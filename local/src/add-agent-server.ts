// request → agent server → CLI → demo model | Bedrock | Anthropic
import { randomBytes } from 'node:crypto';
import {
  ClaudeRuntime,
  createApp,
  DiskWatch,
  type Homes,
  type Isolation,
  readAgentImage,
} from '@omnicloud/agent-container';
import { openSecretsManager } from '@omnicloud/secrets';
import type { Hono } from 'hono';
import { demoAgentConfig, DEMO_MODEL_ID, type LocalConfig } from './config.ts';
import { workRootOf } from './confine-shell.ts';
import { createBedrockStandIn } from '@omnicloud/demo';
import { createDemoModel } from '@omnicloud/demo';
import type { Log } from './log.ts';
import type { PageInfo } from '@omnicloud/demo';
import type { Stores } from './stores/stores.ts';

/**
 * Adds the agent server, and the demo model when there is no other.
 * @param runs holds the ends of the runs that are under way.
 * @param tempo of the demo model's words and of a turn's time limit; their own unless given.
 */
export async function addAgentServer(
  app: Hono,
  config: LocalConfig & { readonly isolation: Isolation | undefined; readonly homes: Homes },
  stores: Stores,
  runs: Set<Promise<void>>,
  ownUrl: string,
  log: Log,
  tempo: { readonly wordDelayMs?: number; readonly alarm?: (ms: number) => AbortSignal },
): Promise<{ readonly model: PageInfo['model']; close(): Promise<void> }> {
  // Unguessable, because the path is all that keeps others from talking to the model.
  const demoPath = `/demo-model/${randomBytes(16).toString('hex')}`;
  const { wordDelayMs, alarm } = tempo;
  const agent = config.agent ?? demoAgentConfig(ownUrl + demoPath, config);
  if (!config.agent) {
    const demo = createDemoModel(wordDelayMs === undefined ? {} : { wordDelayMs });
    app.route(demoPath, createBedrockStandIn({ respond: demo }) as unknown as Hono);
  }
  const image = await readAgentImage();
  const runtime = new ClaudeRuntime(agent, image, {
    isolation: config.isolation,
    secrets: openSecretsManager(),
    onError: (error) => log.error('A run', error),
  });
  const workRoot = workRootOf(config);
  const server = createApp({
    authToken: config.authToken,
    ...stores,
    store: stores.objects,
    runtime,
    workRoot,
    homes: config.homes,
    disk: new DiskWatch({
      workRoot,
      alsoFree: [config.dataDir],
      limits: agent.diskLimits,
      onError: (error) => log.error('The work folder', error),
    }),
    imageFolder: image.folder,
    ...(alarm === undefined ? {} : { alarm }),
    ...(agent.turnLimitMs === undefined ? {} : { turnLimitMs: agent.turnLimitMs }),
    ...(agent.workspaceLimits === undefined ? {} : { workspaceLimits: agent.workspaceLimits }),
    onRun: (ended) => {
      runs.add(ended);
      void ended.then(() => runs.delete(ended));
    },
    onError: (error, sessionId) => log.error(`Session ${sessionId}`, error),
  });
  app.all('/session/*', (context) => server.fetch(context.req.raw));
  app.get('/health', (context) => server.fetch(context.req.raw));
  return { model: modelOf(config.agent, image.model), close: () => runtime.close() };
}

/** @param ofImage what the image's settings name, an alias or an id. */
function modelOf(agent: LocalConfig['agent'], ofImage = 'sonnet'): PageInfo['model'] {
  if (!agent) return { kind: 'demo', name: DEMO_MODEL_ID };
  const { access, models, model = ofImage } = agent;
  const isAlias = model === 'opus' || model === 'sonnet' || model === 'haiku';
  return { kind: access.kind, name: (isAlias ? models[model] : undefined) ?? model };
}

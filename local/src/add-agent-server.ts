// request → agent server → CLI → demo model | Bedrock | Anthropic
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { type AgentServer, openAgentServer, type WorkPlace } from '@omnicloud/agent-container';
import { createBedrockStandIn, createDemoModel, type PageInfo } from '@omnicloud/demo';
import { openSecretsManager } from '@omnicloud/secrets';
import type { Hono } from 'hono';
import type { LocalConfig } from './config.ts';
import { demoAgentConfig, DEMO_MODEL_ID } from './demo-agent.ts';
import { agentLog, type Log } from './log.ts';
import type { Stores } from './stores/stores.ts';

/** Where the agent server works, what it stores in, and its own address. */
interface Surroundings {
  readonly work: WorkPlace;
  readonly stores: Stores;
  readonly ownUrl: string;
  readonly log: Log;
  /** Of the demo model's words and of a turn's time limit; their own unless given. */
  readonly timing: { readonly wordDelayMs?: number; readonly alarm?: (ms: number) => AbortSignal };
}

/**
 * Adds the agent server, and the demo model when there is no other.
 * @throws ConfigError when the shell is on and cannot be confined here.
 */
export async function addAgentServer(
  app: Hono,
  config: LocalConfig,
  { work, stores, ownUrl, log, timing }: Surroundings,
): Promise<{ readonly server: AgentServer; readonly model: PageInfo['model'] }> {
  // Unguessable, because the path is all that keeps others from talking to the model.
  const demoPath = `/demo-model/${randomBytes(16).toString('hex')}`;
  const { wordDelayMs, alarm } = timing;
  if (!config.model) {
    const demo = createDemoModel(wordDelayMs === undefined ? {} : { wordDelayMs });
    app.route(demoPath, createBedrockStandIn({ respond: demo }) as unknown as Hono);
  }
  const { objects: store, leases, table, stops } = stores;
  const server = await openAgentServer({
    agent: config.model ? { ...config.run, ...config.model } : demoAgentConfig(config.run, ownUrl + demoPath),
    work,
    openStores: () => ({ store, leases, table, stops }),
    token: { value: config.authToken },
    secrets: openSecretsManager(),
    hidden: [resolve('.env')],
    log: agentLog(log),
    ...(alarm === undefined ? {} : { forTests: { alarm } }),
  });
  app.all('/session/*', (context) => server.fetch(context.req.raw));
  app.get('/health', (context) => server.fetch(context.req.raw));
  return { server, model: modelOf(config.model, server.model) };
}

/** @param ofImage what the image's settings name, an alias or an id. */
function modelOf(config: LocalConfig['model'], ofImage = 'sonnet'): PageInfo['model'] {
  if (!config) return { kind: 'demo', name: DEMO_MODEL_ID };
  const { access, models, model = ofImage } = config;
  const isAlias = model === 'opus' || model === 'sonnet' || model === 'haiku';
  return { kind: access.kind, name: (isAlias ? models[model] : undefined) ?? model };
}

import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeEvents, NDJSON_MEDIA_TYPE, type RunEvent } from '@omnicloud/protocol';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { bundleAgent } from '@omnicloud/infra/internal/bundle.ts';
import { type ScriptedModel, startScriptedModel } from '../fakes/scripted-model.ts';
import { restApiEvent } from './events.ts';
import { type FunctionProcess, startFunction } from './function-process.ts';
import { type Prelude, readStreamedResponse } from './http-response.ts';
import type { Invocation } from './runtime-api.ts';

const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
export const AUTH_TOKEN = 'lambda-test-auth-token';
export const CHAT = 7_000_001;

/** The agent's function, as it is in the image, behind an API that streams. */
export interface AgentFunction {
  /** Where the bundle is. */
  readonly folder: string;
  readonly model: ScriptedModel;
  environment(changes?: Record<string, string>): Record<string, string>;
  start(changes?: Record<string, string>): Promise<FunctionProcess>;
}

/** Builds the bundle once for the file, and gives each test a model and a directory of its own. */
export function useAgentFunction(): AgentFunction {
  let dataDir = '';
  const started: FunctionProcess[] = [];
  const agent = {
    folder: '',
    environment: (changes: Record<string, string> = {}) => ({
      DATA_DIR: join(dataDir, 'data'),
      WORK_ROOT: join(dataDir, 'work'),
      AGENT_FOLDER: join(agent.folder, 'agent'),
      SDK_CLIENT_AUTH_TOKEN: AUTH_TOKEN,
      CLAUDE_CODE_USE_BEDROCK: '1',
      BEDROCK_REGION: 'eu-central-1',
      BEDROCK_ACCESS_KEY_ID: 'AKIALAMBDATEST',
      BEDROCK_SECRET_ACCESS_KEY: 'lambda-test-secret-key',
      ANTHROPIC_BEDROCK_BASE_URL: agent.model.baseUrl,
      ...changes,
    }),
    start: async (changes?: Record<string, string>) => {
      const running = await startFunction(agent.folder, 'lambda.handler', agent.environment(changes));
      started.push(running);
      return running;
    },
  } as unknown as AgentFunction & { folder: string; model: ScriptedModel };

  beforeAll(async () => {
    agent.folder = await mkdtemp(join(tmpdir(), 'omnicloud-bundle-'));
    await bundleAgent(agent.folder);
    await symlink(NODE_MODULES, join(agent.folder, 'node_modules'));
  });
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'omnicloud-data-'));
    agent.model = await startScriptedModel();
  });
  afterEach(async () => {
    for (const running of started.splice(0)) await running.stop();
    await agent.model.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  afterAll(() => rm(agent.folder, { recursive: true, force: true }));
  return agent;
}

/** @returns the event of a first message. */
export function createEvent(userMessage: string, headers: Record<string, string> = {}): unknown {
  const body = JSON.stringify({ chat_id: CHAT, user_message: userMessage });
  return restApiEvent('POST', '/session/create', { headers: authorised(headers), body });
}

/** @returns the event of a further one. */
export function messageEvent(sessionId: string, userMessage: string): unknown {
  const body = JSON.stringify({ user_message: userMessage });
  return restApiEvent('POST', `/session/${sessionId}/message`, { headers: authorised({}), body });
}

function authorised(headers: Record<string, string>): Record<string, string> {
  return {
    authorization: `Bearer ${AUTH_TOKEN}`,
    accept: NDJSON_MEDIA_TYPE,
    'content-type': 'application/json',
    ...headers,
  };
}

/** @returns the answer's status and its events as they come. */
export async function eventsOf({
  response,
}: Invocation): Promise<Prelude & { readonly events: AsyncGenerator<RunEvent, void, undefined> }> {
  const { body, ...prelude } = await readStreamedResponse(await response);
  return { ...prelude, events: decodeEvents(body) };
}

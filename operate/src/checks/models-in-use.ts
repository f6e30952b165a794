// configuration → the ids of the models that the bot will call; what the CLI decides by itself, the CLI is asked
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAgentImage } from '@omnicloud/agent-container';
import type { ModelConfig } from '@omnicloud/agent-container';
import { cliPath } from './cli-path.ts';
import { childEnvironment } from '../config.ts';

const ALIAS = /^(opus|sonnet|haiku)$/;
/** The CLI asks for a wider context by a suffix that it does not send. */
const CONTEXT_SUFFIX = /\[\w+\]$/;
/** The CLI's own, where neither the settings nor the image name one. */
const CLI_DEFAULT = 'default';
const LIMIT_MS = 60_000;
const IN_PATH = /^\/model\/([^/]+)\//;
const IN_BODY = /"model"\s*:\s*"([^"]{1,300})"/;
const MOST_CHARACTERS = 10_000_000;

export interface ModelsInUse {
  /** The one that answers first; the others that the settings name. */
  readonly ids: readonly string[];
  /** An alias for which no id could be found out. */
  readonly unknown: string | undefined;
}

/** Starts the CLI for a moment when the model that answers is an alias which only the CLI can resolve; nothing leaves this machine. */
export async function modelsInUse(config: ModelConfig): Promise<ModelsInUse> {
  const { models } = config;
  const wanted = (config.model ?? (await readAgentImage()).model ?? CLI_DEFAULT).replace(CONTEXT_SUFFIX, '');
  const isAlias = ALIAS.test(wanted);
  const named = isAlias ? models[wanted as keyof typeof models] : wanted === CLI_DEFAULT ? undefined : wanted;
  const main = named ?? (await askCli(config, wanted));
  const others = [models.opus, models.sonnet, models.haiku];
  const ids = [...new Set([main, ...others].filter((id) => id !== undefined))];
  return {
    ids: ids.map((id) => id.replace(CONTEXT_SUFFIX, '')),
    unknown: main === undefined ? wanted : undefined,
  };
}

/** @returns the id that the CLI puts into its first call; undefined when it makes none. */
async function askCli({ access, models }: ModelConfig, model: string): Promise<string | undefined> {
  const program = cliPath();
  if (program === undefined) return undefined;
  const home = await mkdtemp(join(tmpdir(), 'omnicloud-model-'));
  const found = Promise.withResolvers<string | undefined>();
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      if (body.length < MOST_CHARACTERS) body += text;
    });
    request.on('end', () => {
      const [, inPath] = IN_PATH.exec(request.url ?? '') ?? [];
      const id = inPath === undefined ? IN_BODY.exec(body)?.[1] : decodeURIComponent(inPath);
      if (request.method === 'POST' && id !== undefined) found.resolve(id);
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end('{"type":"error","error":{"type":"invalid_request_error","message":"only asking"}}');
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const args = ['-p', 'Hi', ...(model === CLI_DEFAULT ? [] : ['--model', model])];
  const cli = spawn(program, args, {
    cwd: home,
    env: childEnvironment({
      ...providerEnvironment(access, url),
      ...aliases(models),
      HOME: home,
      CLAUDE_CONFIG_DIR: home,
    }),
    stdio: 'ignore',
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<void>((resolve) => {
    cli.once('close', () => resolve()).once('error', () => resolve());
  });
  void ended.then(() => found.resolve(undefined));
  try {
    return await found.promise;
  } finally {
    cli.kill('SIGKILL');
    await ended;
    server.close();
    server.closeAllConnections();
    await rm(home, { recursive: true, force: true });
  }
}

/** As a run's CLI has them: see cli-environment.ts of the agent server. */
function providerEnvironment(access: ModelConfig['access'], url: string): Record<string, string> {
  const quiet = { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1' };
  if (access.kind === 'anthropic') {
    return { ...quiet, ANTHROPIC_API_KEY: 'only-asking', ANTHROPIC_BASE_URL: url };
  }
  return {
    ...quiet,
    CLAUDE_CODE_USE_BEDROCK: '1',
    CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1',
    CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST: '1',
    AWS_REGION: access.region,
    ANTHROPIC_BEDROCK_BASE_URL: url,
  };
}

function aliases(models: ModelConfig['models']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(models).map(([alias, id]: [string, string]) => [
      `ANTHROPIC_DEFAULT_${alias.toUpperCase()}_MODEL`,
      id,
    ]),
  );
}

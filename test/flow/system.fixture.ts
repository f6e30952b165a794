import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from 'vitest';
import { startLocal } from '@omnicloud/local/internal/compose.ts';
import { parseLocalConfig } from '@omnicloud/local/internal/config.ts';
import type { LocalSystem, Timing } from '@omnicloud/local/internal/compose.ts';
import { type ScriptedModel, startScriptedModel } from '../fakes/scripted-model.ts';
import {
  BOT_TOKEN,
  PERSON,
  startTelegramServer,
  type TelegramServer,
  WEBHOOK_SECRET,
} from '../fakes/telegram-server.ts';
import { COMPILED } from '../compiled.ts';

/** So much of what the processes said is shown when a test fails. */
const SHOWN_LINES = 60;

export const AUTH_TOKEN = 'flow-test-auth-token';
export const MAIN = fileURLToPath(new URL('../../local/src/main.ts', import.meta.url));

/** The whole system between a Bot API server and a model that are not ours: what every flow test runs. */
export interface Flow {
  readonly telegram: TelegramServer;
  readonly model: ScriptedModel;
  readonly dataDir: string;
  /** What the system reported, newest last. */
  readonly errors: unknown[];
  environment(changes?: Record<string, string>): Record<string, string>;
  /** Starts it in this process and points the webhook to it. */
  start(changes?: Record<string, string>, timing?: Timing): Promise<LocalSystem>;
  /** Starts it in this process; it fetches its updates itself. */
  startPolling(): Promise<LocalSystem>;
  /** Starts it as a process of its own, as `npm start` does, and points the webhook to it. */
  spawn(changes?: Record<string, string>): Promise<{ url: string; process: ChildProcess }>;
  /** The person writes into the private chat, or into a topic. */
  say(text: string, where?: { chat_id?: number; thread_id?: number }): void;
}

/** @returns the settings of a server between the given ones, as `npm start` reads them. */
export function environmentOf(
  { dataDir, telegram, model }: Pick<Flow, 'dataDir' | 'telegram' | 'model'>,
  changes: Record<string, string> = {},
): Record<string, string> {
  return {
    ...COMPILED,
    PATH: process.env.PATH ?? '',
    PORT: '0',
    DATA_DIR: dataDir,
    TELEGRAM_BOT_TOKEN: BOT_TOKEN,
    ALLOWED_USERS: String(PERSON),
    TELEGRAM_MODE: 'webhook',
    TELEGRAM_WEBHOOK_SECRET: WEBHOOK_SECRET,
    TELEGRAM_API_ROOT: telegram.apiRoot,
    CLAUDE_CODE_USE_BEDROCK: '1',
    AWS_REGION: 'us-east-1',
    BEDROCK_ACCESS_KEY_ID: 'AKIAFLOWTEST',
    BEDROCK_SECRET_ACCESS_KEY: 'flow-test-secret-key',
    ANTHROPIC_BEDROCK_BASE_URL: model.baseUrl,
    ANTHROPIC_DEFAULT_OPUS_MODEL: 'anthropic.flow-opus-v1:0',
    ANTHROPIC_DEFAULT_SONNET_MODEL: 'anthropic.flow-sonnet-v1:0',
    ANTHROPIC_DEFAULT_HAIKU_MODEL: 'anthropic.flow-haiku-v1:0',
    SDK_CLIENT_AUTH_TOKEN: AUTH_TOKEN,
    ...changes,
  };
}

/** Registers the set-up and tear-down of a flow for every test of the file. */
export function useFlow(): Flow {
  const started: (() => Promise<unknown>)[] = [];
  /** What the processes of this test said. */
  const said: string[] = [];
  const flow = {
    errors: [] as unknown[],
    environment: (changes: Record<string, string> = {}) => environmentOf(flow, changes),
    start: async (changes?: Record<string, string>, timing?: Timing) => {
      const system = await compose(flow.environment(changes), timing);
      flow.telegram.standIn.start({ url: `${system.url}/webhook`, secret: WEBHOOK_SECRET });
      return system;
    },
    startPolling: () => compose(flow.environment({ TELEGRAM_MODE: 'polling' })),
    spawn: async (changes?: Record<string, string>) => {
      const child = spawn(process.execPath, [MAIN], {
        env: flow.environment(changes),
        cwd: flow.dataDir,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout, child.stderr])
        createInterface(stream).on('line', (line) => void said.push(line));
      started.push(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      });
      const url = await readyUrl(child);
      flow.telegram.standIn.start({ url: `${url}/webhook`, secret: WEBHOOK_SECRET });
      return { url, process: child };
    },
    say: (text: string, where: { chat_id?: number; thread_id?: number } = {}) => {
      flow.telegram.standIn.sendAsUser({ chat_id: PERSON, ...where, text });
    },
  } as unknown as Flow & {
    telegram: TelegramServer;
    model: ScriptedModel;
    dataDir: string;
    errors: unknown[];
  };

  const compose = async (environment: Record<string, string>, timing: Timing = {}): Promise<LocalSystem> => {
    const log = {
      info: () => undefined,
      error: (_: string, error: unknown) => void flow.errors.push(error),
    };
    const system = await startLocal(parseLocalConfig(environment), log, { retryDelayMs: () => 0, ...timing });
    started.push(() => system.close());
    return system;
  };

  beforeEach(async () => {
    flow.telegram = await startTelegramServer();
    flow.model = await startScriptedModel();
    flow.dataDir = await mkdtemp(join(tmpdir(), 'omnicloud-data-'));
    flow.errors.length = 0;
  });
  afterEach(async ({ task }) => {
    // The processes are gone when a failure is looked into.
    if (task.result?.state === 'fail' && said.length > 0) console.log(said.slice(-SHOWN_LINES).join('\n'));
    said.length = 0;
    for (const stop of started.splice(0).reverse()) await stop();
    await flow.telegram.close();
    await flow.model.close();
    await rm(flow.dataDir, { recursive: true, force: true });
  });
  return flow;
}

/** @returns the address that the process says it is ready at. @throws Error when it ends without saying so. */
async function readyUrl(child: ChildProcess & { readonly stdout: Readable }): Promise<string> {
  const ready = Promise.withResolvers<string>();
  createInterface(child.stdout)
    .on('line', (line) => {
      const url = /^ready (http:\S+)/.exec(line)?.[1];
      if (url !== undefined) ready.resolve(url);
    })
    .once('close', () => ready.reject(new Error('The process ended before it was ready')));
  return ready.promise;
}

// a webhook, two workers and two agent servers on one data directory, between the harness's Telegram and model
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AgentProxy, startAgentProxy } from './agent-proxy.ts';
import { ChaosProcess } from './chaos-process.ts';
import type { AgentOptions, StoreFaults, WebhookOptions, WorkerOptions } from './config.ts';
import type { Blow } from './evidence.ts';
import { endLeftovers } from './leftovers.ts';
import { type ChaosModel, startModel } from './model.ts';
import type { Random } from './random.ts';
import { BOT_TOKEN, type ChaosTelegram, SECRET, startTelegram } from './telegram.ts';

/** Far shorter than in production, so that a freeze can outlast them. */
export const LEASE_MS = 2_000;
export const VISIBILITY_MS = 3_000;
const LEASE_HEARTBEAT_MS = 200;
const STREAM_HEARTBEAT_MS = 500;
const SILENCE_MS = 4_000;
const STORE_ERROR_RATE = 0.004;
const STORE_LATENCY_MS = 60;
const AUTH_TOKEN = 'the-token-of-the-chaos';
const SIDE = [1, 2];

export interface ChaosSystem {
  readonly telegram: ChaosTelegram;
  readonly model: ChaosModel;
  readonly proxy: AgentProxy;
  readonly processes: readonly ChaosProcess[];
  readonly blows: readonly Blow[];
  /** Kills what runs, at once; `close` does the rest. */
  endNow(): void;
  close(): Promise<void>;
}

/**
 * Starts everything below `root`; resolves when all processes are ready.
 * @param onError told of what goes wrong in this process.
 */
export async function startSystem(
  root: string,
  people: readonly number[],
  random: Random,
  onError: (error: unknown) => void,
): Promise<ChaosSystem> {
  const dataDir = join(root, 'data');
  const telegramDir = join(root, 'telegram');
  for (const directory of [dataDir, telegramDir]) await mkdir(directory, { recursive: true });
  const blows: Blow[] = [];
  const model = await startModel(random.fork('model'));
  const telegram = startTelegram(random.fork('telegram'), {
    directory: telegramDir,
    webhookPort: () => webhook.port,
    onError,
  });
  const webhookOptions = (life: string): Promise<WebhookOptions> =>
    Promise.resolve({
      dataDir,
      secret: SECRET,
      allowedUsers: people.map(String),
      faults: faultsOf(random, life),
    });
  const webhook = new ChaosProcess(
    'webhook',
    { file: fileOf('webhook'), options: webhookOptions, logDir: root },
    blows,
  );
  const workRoots = SIDE.map((side) => join(root, `work-${side}`));
  const agents = SIDE.map((side) => {
    const options = (life: string): Promise<AgentOptions> =>
      Promise.resolve({
        dataDir,
        workRoot: workRoots[side - 1] ?? root,
        authToken: AUTH_TOKEN,
        modelUrl: model.url,
        ttlMs: LEASE_MS,
        leaseHeartbeatMs: LEASE_HEARTBEAT_MS,
        streamHeartbeatMs: STREAM_HEARTBEAT_MS,
        faults: faultsOf(random, life),
      });
    return new ChaosProcess(`agent-${side}`, { file: fileOf('agent'), options, logDir: root }, blows);
  });
  const proxy = await startAgentProxy(random.fork('proxy'), () =>
    agents.flatMap(({ port }) => (port === undefined ? [] : [port])),
  );
  const workers = SIDE.map((side) => {
    const options = async (life: string): Promise<WorkerOptions> => ({
      dataDir,
      telegramUrl: await telegram.urlFor(life),
      botToken: BOT_TOKEN,
      agentUrl: proxy.url,
      authToken: AUTH_TOKEN,
      visibilityMs: VISIBILITY_MS,
      silenceMs: SILENCE_MS,
      faults: faultsOf(random, life),
    });
    return new ChaosProcess(`worker-${side}`, { file: fileOf('worker'), options, logDir: root }, blows);
  });
  const processes = [webhook, ...agents, ...workers];
  const system: ChaosSystem = {
    telegram,
    model,
    proxy,
    processes,
    blows,
    endNow: () => {
      for (const process of processes) process.endNow();
    },
    close: async () => {
      await Promise.all(processes.map((process) => process.end()));
      await endLeftovers(workRoots);
      await proxy.close();
      await telegram.close();
      await model.close();
    },
  };
  try {
    await Promise.all(processes.map((process) => process.start()));
    return system;
  } catch (error) {
    await system.close();
    throw error;
  }
}

function faultsOf(random: Random, name: string): StoreFaults {
  const seed = String(random.fork(name).integer(0, 2 ** 31));
  return { seed, errorRate: STORE_ERROR_RATE, latencyMs: STORE_LATENCY_MS };
}

function fileOf(tier: 'webhook' | 'worker' | 'agent'): string {
  return fileURLToPath(new URL(`./${tier}.process.ts`, import.meta.url));
}

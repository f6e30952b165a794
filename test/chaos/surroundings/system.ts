// a webhook, two workers and two agent servers on one data directory, between the harness's Telegram and model
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AgentProxy, startAgentProxy } from '../harm/agent-proxy.ts';
import type { AwsStores } from './aws-servers.ts';
import { ChaosProcess } from '../processes/chaos-process.ts';
import {
  type AgentOptions,
  ownEnvironment,
  type StoreChoice,
  type SharedOptions,
  type StoreFaults,
  type WebhookOptions,
  type WorkerOptions,
} from '../processes/config.ts';
import type { Blow, StoreFailure } from '../evidence/evidence.ts';
import { ObjectDamage } from '../harm/damage.ts';
import { endLeftovers } from '../processes/leftovers.ts';
import { type ChaosModel, type Manner, startModel } from './model.ts';
import type { Mutant } from '../mutants/mutants.ts';
import type { Random } from './random.ts';
import { SessionNames } from '../evidence/session-names.ts';
import type { Tempo } from './tempo.ts';
import { BOT_TOKEN, type ChaosTelegram, SECRET, startTelegram } from './telegram.ts';

const STORE_ERROR_RATE = 0.004;
const STORE_LATENCY_MS = 60;
const AUTH_TOKEN = 'the-token-of-the-chaos';

export interface ChaosSystem {
  readonly telegram: ChaosTelegram;
  readonly model: ChaosModel;
  readonly proxy: AgentProxy;
  readonly processes: readonly ChaosProcess[];
  readonly blows: readonly Blow[];
  /** Undefined where the stores are not ours to damage. */
  readonly damage: ObjectDamage | undefined;
  readonly storeKind: StoreChoice['kind'];
  readonly idsFrom: number;
  readonly tempo: Tempo;
  /** The calls to the stores that the harness made fail. */
  storeFailures(): readonly StoreFailure[];
  /** Kills what runs, at once; `close` does the rest. */
  endNow(): void;
  close(): Promise<void>;
}

export interface Surroundings {
  /** Everything is below it. */
  readonly root: string;
  readonly people: readonly number[];
  /** Added to the ids of chats: on stores that others have used they must be new ones. */
  readonly idsFrom: number;
  /** Undefined: the embedded stores. */
  readonly aws: AwsStores | undefined;
  readonly tempo: Tempo;
  /** How many workers there are, and how many agent servers. */
  readonly sides: number;
  readonly manner: Manner;
  /** The fault of its own that the system has. */
  readonly mutant?: Mutant | undefined;
  readonly random: Random;
  /** Told of what goes wrong in this process. */
  readonly onError: (error: unknown) => void;
}

/** Starts everything; resolves when all processes are ready. */
export async function startSystem({
  root,
  people,
  idsFrom,
  aws,
  tempo,
  sides,
  manner,
  mutant,
  random,
  onError,
}: Surroundings): Promise<ChaosSystem> {
  const dataDir = join(root, 'data');
  const telegramDir = join(root, 'telegram');
  for (const directory of [dataDir, telegramDir]) await mkdir(directory, { recursive: true });
  const store: StoreChoice = aws
    ? { kind: 'aws', config: aws.config }
    : { kind: 'embedded', directory: dataDir };
  const shared = (life: string): SharedOptions => ({
    store,
    mutant,
    faults: faultsOf(random, life),
    visibilityMs: tempo.visibilityMs,
  });
  const environment = {
    ...(aws?.environment ?? ownEnvironment()),
    NODE_COMPILE_CACHE: join(root, 'compiled'),
  };
  const start = { environment, logDir: root };
  const blows: Blow[] = [];
  const names = new SessionNames();
  const model = await startModel(random.fork('model'), manner);
  const telegram = startTelegram(random.fork('telegram'), {
    directory: telegramDir,
    idsFrom,
    port: () => webhook.port,
    names,
    onError,
  });
  const webhookOptions = (life: string): Promise<WebhookOptions> =>
    Promise.resolve({ ...shared(life), secret: SECRET, allowedUsers: people.map(String) });
  const webhook = new ChaosProcess(
    'webhook',
    { ...start, file: fileOf('webhook'), options: webhookOptions },
    blows,
  );
  const lanes = Array.from({ length: sides }, (_, index) => index + 1);
  const workRoots = lanes.map((side) => join(root, `work-${side}`));
  const agents = lanes.map((side) => {
    const options = (life: string): Promise<AgentOptions> =>
      Promise.resolve({
        ...shared(life),
        workRoot: workRoots[side - 1] ?? root,
        authToken: AUTH_TOKEN,
        modelUrl: model.url,
        ttlMs: tempo.leaseMs,
        leaseHeartbeatMs: tempo.leaseHeartbeatMs,
        streamHeartbeatMs: tempo.streamHeartbeatMs,
      });
    return new ChaosProcess(`agent-${side}`, { ...start, file: fileOf('agent'), options }, blows);
  });
  const proxy = await startAgentProxy(
    random.fork('proxy'),
    () => agents.flatMap(({ life, port }) => (port === undefined ? [] : [{ life, port }])),
    names,
  );
  const workers = lanes.map((side) => {
    const options = async (life: string): Promise<WorkerOptions> => ({
      ...shared(life),
      telegramUrl: await telegram.urlFor(life),
      botToken: BOT_TOKEN,
      agentUrl: proxy.urlFor(life),
      authToken: AUTH_TOKEN,
      silenceMs: tempo.silenceMs,
    });
    return new ChaosProcess(`worker-${side}`, { ...start, file: fileOf('worker'), options }, blows);
  });
  const processes = [webhook, ...agents, ...workers];
  const system: ChaosSystem = {
    telegram,
    model,
    proxy,
    processes,
    blows,
    damage: aws ? undefined : new ObjectDamage(join(dataDir, 'objects'), names, random.fork('damage')),
    storeKind: store.kind,
    idsFrom,
    tempo,
    storeFailures: () =>
      [...processes.flatMap(({ failedCalls }) => failedCalls), ...(aws?.failedCalls() ?? [])].map(
        ({ store: name, about, atMs }) => ({ store: name, session: names.find(about), atMs }),
      ),
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
  return fileURLToPath(new URL(`../processes/${tier}.process.ts`, import.meta.url));
}

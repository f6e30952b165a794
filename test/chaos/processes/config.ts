import { z } from 'zod';
import { mutantName } from '../mutants/mutants.ts';

const faults = z.object({
  /** Decides this process's faults. */
  seed: z.string(),
  /** The share of calls to a store that fail. */
  errorRate: z.number().min(0).max(1),
  /** The longest that a call to a store is held up, in ms. */
  latencyMs: z.number().min(0),
});
export type StoreFaults = z.infer<typeof faults>;

const store = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('embedded'), directory: z.string() }),
  z.object({
    kind: z.literal('aws'),
    config: z
      .object({
        bucket: z.string(),
        table: z.string(),
        queueUrl: z.string(),
        deadLetterQueueUrl: z.string().optional(),
        hasOtherEndpoint: z.boolean(),
      })
      .transform((config) => ({ ...config, deadLetterQueueUrl: config.deadLetterQueueUrl })),
  }),
]);
/** Where the processes keep what they share. What opens AWS stores is in their environment. */
export type StoreChoice = z.infer<typeof store>;

const shared = z.object({
  store,
  faults,
  /** The fault of its own that a process has, to see whether the checker sees it. */
  mutant: mutantName.optional(),
  /** How long after its last heartbeat a delivery is given out again, in ms. */
  visibilityMs: z.number(),
});

export type SharedOptions = z.infer<typeof shared>;

const webhookOptions = shared.extend({
  secret: z.string(),
  allowedUsers: z.array(z.string()),
});
export type WebhookOptions = z.infer<typeof webhookOptions>;

const workerOptions = shared.extend({
  telegramUrl: z.string(),
  botToken: z.string(),
  agentUrl: z.string(),
  authToken: z.string(),
  silenceMs: z.number(),
});
export type WorkerOptions = z.infer<typeof workerOptions>;

const agentOptions = shared.extend({
  workRoot: z.string(),
  authToken: z.string(),
  modelUrl: z.string(),
  ttlMs: z.number(),
  leaseHeartbeatMs: z.number(),
  streamHeartbeatMs: z.number(),
});
export type AgentOptions = z.infer<typeof agentOptions>;

/** @throws ZodError when the process was not started by the harness. */
export function parseWebhookOptions(argv: readonly string[] = process.argv): WebhookOptions {
  return webhookOptions.parse(JSON.parse(argv[2] ?? 'null'));
}

/** @throws ZodError when the process was not started by the harness. */
export function parseWorkerOptions(argv: readonly string[] = process.argv): WorkerOptions {
  return workerOptions.parse(JSON.parse(argv[2] ?? 'null'));
}

/** @throws ZodError when the process was not started by the harness. */
export function parseAgentOptions(argv: readonly string[] = process.argv): AgentOptions {
  return agentOptions.parse(JSON.parse(argv[2] ?? 'null'));
}

/** What the real CLI needs to find the programs of this machine. */
export function searchPath(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.PATH ?? '';
}

/** @returns the environment of the harness itself, in which the AWS SDK and `STORE=aws npm start` look for their settings. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}

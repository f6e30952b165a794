import { z } from 'zod';

const faults = z.object({
  /** Decides this process's faults. */
  seed: z.string(),
  /** The share of calls to a store that fail. */
  errorRate: z.number().min(0).max(1),
  /** The longest that a call to a store is held up, in ms. */
  latencyMs: z.number().min(0),
});
export type StoreFaults = z.infer<typeof faults>;

const webhookOptions = z.object({
  dataDir: z.string(),
  secret: z.string(),
  allowedUsers: z.array(z.string()),
  faults,
});
export type WebhookOptions = z.infer<typeof webhookOptions>;

const workerOptions = z.object({
  dataDir: z.string(),
  telegramUrl: z.string(),
  botToken: z.string(),
  agentUrl: z.string(),
  authToken: z.string(),
  visibilityMs: z.number(),
  silenceMs: z.number(),
  faults,
});
export type WorkerOptions = z.infer<typeof workerOptions>;

const agentOptions = z.object({
  dataDir: z.string(),
  workRoot: z.string(),
  authToken: z.string(),
  modelUrl: z.string(),
  ttlMs: z.number(),
  leaseHeartbeatMs: z.number(),
  streamHeartbeatMs: z.number(),
  faults,
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

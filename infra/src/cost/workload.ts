/** What is asked of a deployment in a month, and how it is set. */
export interface Workload {
  readonly messages: number;
  /** How long the agent works on one of them, in s. */
  readonly seconds: number;
  readonly agentMemoryMb: number;
  readonly clientMemoryMb: number;
  readonly isolation: 'tenant' | 'shared';
  /** Which part of the messages meets no warm environment of its conversation (or of any, when they are shared). */
  readonly coldShare: number;
  /** How long an environment takes to start, in s; it is billed. */
  readonly coldSeconds: number;
  readonly provisionedConcurrency: number;
  /** Off: an HTTP API, which ends each request after 30 s. */
  readonly streaming: boolean;
  readonly answerKb: number;
  /** What all sessions together take in the bucket. */
  readonly storedGb: number;
  readonly freeTier: boolean;
  /** What the model costs for one message; the other account's bill. */
  readonly modelUsd: number;
}

/** Warm environments last for minutes, so a conversation's own is often gone by its next message. Both are assumptions, not measured. */
const COLD_SHARE = { tenant: 0.5, shared: 0.1 } as const;

const DEFAULTS: Workload = {
  messages: 100_000,
  seconds: 8,
  agentMemoryMb: 2_048,
  clientMemoryMb: 256,
  isolation: 'tenant',
  coldShare: COLD_SHARE.tenant,
  coldSeconds: 3,
  provisionedConcurrency: 0,
  streaming: true,
  answerKb: 20,
  storedGb: 1,
  freeTier: false,
  modelUsd: 0,
};

/** Fills in what was not said; the share of cold starts follows from the isolation. */
export function workload(given: Partial<Workload> = {}): Workload {
  const isolation = given.isolation ?? DEFAULTS.isolation;
  return { ...DEFAULTS, coldShare: COLD_SHARE[isolation], ...given, isolation };
}

/** What the platform that serves this app tells of itself with every request. */
export interface ServerBindings {
  /** When the platform ends this very request, whatever it does then; ms since 1970. */
  readonly deadlineAtMs?: number;
  /** The conversation that the platform has set this environment aside for; undefined where it sets none aside. */
  readonly tenantId?: string;
}

interface TimeLimits {
  /** When the request arrived, by `performance.now()`. */
  readonly arrivedAtMs: number;
  /** From then on, in ms; of several the smallest counts. */
  readonly limitsMs: readonly (number | undefined)[];
  readonly deadlineAtMs: number | undefined;
}

/**
 * What has to fit between the interruption and the platform’s end: the CLI has seconds to end, the objects are written with all their
 * retries, the mapping is saved, the last event goes out. In ms.
 */
export const PERSIST_MARGIN_MS = 45_000;

/** However late it is: an agent that is interrupted at once has said nothing, and would never get further. In ms. */
const SHORTEST_RUN_MS = 1_000;

/** @returns how long the agent may run from now on, in ms; undefined without a limit. */
export function runLimitMs({ arrivedAtMs, limitsMs, deadlineAtMs }: TimeLimits): number | undefined {
  const passedMs = performance.now() - arrivedAtMs;
  const left = limitsMs.filter((limit) => limit !== undefined).map((limit) => limit - passedMs);
  if (deadlineAtMs !== undefined) left.push(deadlineAtMs - Date.now() - PERSIST_MARGIN_MS);
  if (left.length === 0) return undefined;
  return Math.max(SHORTEST_RUN_MS, Math.round(Math.min(...left)));
}

import { MAX_DEFERRALS } from '../queue/try-turn.ts';
import type { Outcome } from '../queue/turn-queue.ts';
import type { TurnProgress } from './turn-progress.ts';

export const DONE: Outcome = { kind: 'done' };

/** Up to this part of a wait is added, so that those who wait for the same thing do not return together. */
const JITTER = 0.1;

/**
 * Puts the turn off. That does not count as a try: the turn waits for something that will pass, such as a busy session.
 * @returns `later`; `retry` once the turn was put off `MAX_DEFERRALS` times, because then something is wrong.
 */
export async function putOff(progress: TurnProgress, afterMs: number): Promise<Outcome> {
  const waitMs = jittered(afterMs);
  // Waits for the end of an outage have a bound of their own.
  if (progress.pauses >= MAX_DEFERRALS) return { kind: 'retry', afterMs: waitMs };
  await progress.saveDeferral();
  return { kind: 'later', afterMs: waitMs };
}

/** @returns a wait in whole ms, up to a tenth longer. */
export function jittered(ms: number): number {
  return Math.ceil(ms * (1 + JITTER * Math.random()));
}

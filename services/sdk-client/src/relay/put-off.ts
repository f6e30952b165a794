import { MAX_DEFERRALS } from '../queue/try-turn.ts';
import type { Outcome } from '../queue/turn-queue.ts';
import type { TurnProgress } from './turn-progress.ts';

export const DONE: Outcome = { kind: 'done' };

/** Up to this part of a wait is added, so that those who wait for the same thing do not return together. */
const JITTER = 0.1;

/** @returns the end of a delivery that is no try, because what it waits for is nobody's failure; as long as that is believable. */
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

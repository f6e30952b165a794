import { MAX_DEFERRALS } from '../queue/try-turn.ts';
import type { Outcome } from '../queue/turn-queue.ts';
import type { TurnProgress } from './turn-progress.ts';

export const DONE: Outcome = { kind: 'done' };

/** Up to this part of a wait is added, so that those who wait for the same thing do not return together. */
const JITTER = 0.1;

/** @returns the end of a delivery that is no try, because what it waits for is nobody's failure; as long as that is believable. */
export async function putOff(progress: TurnProgress, afterMs: number): Promise<Outcome> {
  const jittered = Math.ceil(afterMs * (1 + JITTER * Math.random()));
  if (progress.deferrals >= MAX_DEFERRALS) return { kind: 'retry', afterMs: jittered };
  await progress.saveDeferral();
  return { kind: 'later', afterMs: jittered };
}

import { setImmediate as nextRound } from 'node:timers/promises';

/** Long work lets others have their turn after this. In ms. */
const SLICE_MS = 50;

/** Does work whose steps each take no time worth mentioning, and lets the other chats in between. */
export async function inSlices<T>(steps: Generator<undefined, T, undefined>): Promise<T> {
  let beganAtMs = performance.now();
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    if (performance.now() - beganAtMs < SLICE_MS) continue;
    await nextRound();
    beganAtMs = performance.now();
  }
}

/** Does the same work without a pause. */
export function atOnce<T>(steps: Generator<undefined, T, undefined>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

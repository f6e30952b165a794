// disks that are full for a while, and clocks that are set → the processes, one after another
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../surroundings/random.ts';
import type { ChaosSystem } from '../surroundings/system.ts';
import type { Harm } from './harms.ts';

const PAUSE_MS = { min: 3_000, max: 9_000 };
const FULL_MS = { min: 1_500, max: 5_000 };
/** A clock is set forward or back by up to this, in ms. */
const LONGEST_STEP_MS = 2 * 60 * 60_000;

/** Harms what is around the processes until the signal aborts. */
export async function hitSurroundings(
  { processes }: Pick<ChaosSystem, 'processes'>,
  {
    harms,
    random,
    signal,
  }: { readonly harms: ReadonlySet<Harm>; readonly random: Random; readonly signal: AbortSignal },
): Promise<void> {
  const kinds = (['disk', 'clock'] as const).filter((kind) => harms.has(kind));
  if (kinds.length === 0) return;
  for (let round = 0; await passes(random.between(PAUSE_MS.min, PAUSE_MS.max), signal); round += 1) {
    const victim = random.pick(processes);
    if (kinds[round % kinds.length] === 'clock')
      victim.setClock(random.between(-LONGEST_STEP_MS, LONGEST_STEP_MS));
    else await victim.fillDisk(random.between(FULL_MS.min, FULL_MS.max));
  }
}

/** @returns false when the signal aborted first. */
export async function passes(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

// the plan of blows → processes; CLIs as they come up → some of them
import { EVERYTHING, planBlows } from './blows.ts';
import { passes } from './hit-surroundings.ts';
import type { Random } from '../surroundings/random.ts';
import type { ChaosSystem } from '../surroundings/system.ts';

/** The share of CLIs that are killed, one of the first few at least; looked for so often, in ms. */
const CLI_SHARE = 0.15;
const CLI_AT_LEAST_OF = 2;
const CLI_PAUSE_MS = 400;

/**
 * Hits the processes until the signal aborts; resolves when all have got up again. How hard that is must not depend on how fast this machine
 * starts a process, so most blows wait until those before them are over.
 */
export async function hit(
  { processes, tempo }: ChaosSystem,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  const byName = new Map(processes.map((process) => [process.name, process]));
  let blows: Promise<void>[] = [];
  for (const blow of planBlows([...byName.keys()], tempo.blowPauseMs, random)) {
    // What is frozen cannot be killed before it goes on again.
    if (!blow.isTogether || blow.process === EVERYTHING) {
      await Promise.all(blows);
      blows = [];
    }
    if (!(await passes(blow.afterMs, signal))) break;
    const heldMs = blow.process.startsWith('agent') ? tempo.leaseMs : tempo.visibilityMs;
    const victims = blow.process === EVERYTHING ? processes : [byName.get(blow.process)];
    for (const victim of victims) {
      const done = blow.kind === 'kill' ? victim?.kill(blow.deadMs) : victim?.freeze(heldMs + blow.beyondMs);
      // One that fails is heard when it is waited for; until then it must not end this process.
      done?.catch(() => undefined);
      if (done) blows.push(done);
    }
  }
  await Promise.all(blows);
}

/** Kills a part of the CLIs, each soon after it was first seen; of the first few at least one. Resolves when the signal aborts. */
export async function hitClis(
  { processes }: ChaosSystem,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  const agents = processes.filter(({ name }) => name.startsWith('agent'));
  const seen = new Set<number>();
  let killed = 0;
  const choose = (pids: readonly number[]): number | undefined => {
    const fresh = pids.filter((pid) => !seen.has(pid));
    for (const pid of fresh) seen.add(pid);
    const isOwed = killed === 0 && seen.size >= CLI_AT_LEAST_OF;
    const chosen = fresh.find(() => random.chance(CLI_SHARE) || isOwed);
    if (chosen !== undefined) killed += 1;
    return chosen;
  };
  while (await passes(random.between(0, CLI_PAUSE_MS), signal))
    for (const agent of agents) await agent.killCli(choose);
}

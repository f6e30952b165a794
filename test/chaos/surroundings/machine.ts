import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** So many processes start together, as after a kill of everything. */
const PROBES = 3;
/** So long that takes on a machine with two cores that does nothing else, in ms. */
const QUIET_MS = 3_000;
/** What is less is chance. */
const LEAST_SLOWNESS = 1.3;

/**
 * Starts some processes like those of the system, which takes more work than anything they do later.
 * @returns how many times slower this machine is just now than a quiet one with two cores; 1 for one that is as fast.
 */
export async function machineSlowness(): Promise<number> {
  const startedAtMs = performance.now();
  await Promise.all(Array.from({ length: PROBES }, probe));
  const slowness = (performance.now() - startedAtMs) / QUIET_MS;
  return slowness < LEAST_SLOWNESS ? 1 : slowness;
}

/** @throws Error when the process does not start. */
async function probe(): Promise<void> {
  const child = fork(fileURLToPath(new URL('../processes/probe.process.ts', import.meta.url)));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`A process that only starts ended with ${code}`);
}

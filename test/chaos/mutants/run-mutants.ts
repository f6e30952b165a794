// each mutant, and the system without any → a small run of the real harness → does the checker see it?
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { check } from '../checker/checker.ts';
import { type Mutant, MUTANTS } from './mutants.ts';
import { Random } from '../surroundings/random.ts';
import { runChaos, type Size } from '../run-chaos.ts';
import { peopleOf } from '../talk/places.ts';
import { startSystem } from '../surroundings/system.ts';
import type { Tempo } from '../surroundings/tempo.ts';
import type { Violation } from '../checker/verdict.ts';

/** Long conversations of few people, with everything in them that a mutant gets wrong, and without the blows that take time. */
const SIZE: Size = {
  turns: 24,
  sessions: 3,
  real: 0,
  longestPauseMs: 1_500,
  isPatient: true,
  commandShare: 0.1,
  stopShare: 0.1,
  damageShare: 0.1,
  hasBlows: false,
  harms: new Set(['damage']),
  patience: 1,
};
const MANNER = { longShare: 0.3, thinkingMs: 1_300 };
/** What is to be stopped is thought about for longer than a stop may take, in leases. */
const LONG_THOUGHT = 3;
/** Most of a run is waiting, so some of them fit beside one another. */
const AT_ONCE = 3;

export interface Surroundings {
  readonly root: string;
  readonly seed: string;
  /** Of the mutants, those whose names contain it; the sound system runs beside them. */
  readonly only: string;
  readonly tempo: Tempo;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** @returns what the checker says of the mutant; of the sound system, without a mutant. */
async function runMutant(
  mutant: Mutant | undefined,
  { root, seed, tempo, onError, signal }: Surroundings,
): Promise<readonly Violation[]> {
  const directory = join(root, (mutant ?? 'sound').replaceAll(/\W+/g, '-'));
  await mkdir(directory);
  const random = new Random(seed);
  const people = peopleOf(SIZE.sessions, 0);
  const system = await startSystem({
    root: directory,
    people,
    idsFrom: 0,
    aws: undefined,
    tempo,
    sides: 1,
    manner: { ...MANNER, longThoughtMs: tempo.leaseMs * LONG_THOUGHT },
    mutant,
    random,
    onError,
  });
  const endNow = (): void => system.endNow();
  // Whatever ends this process, its children must not outlive it.
  process.on('exit', endNow);
  try {
    return check(await runChaos(SIZE, { system, random, signal })).violations;
  } finally {
    process.off('exit', endNow);
    await system.close();
  }
}

/** Runs the sound system and every mutant. @returns how many of them were judged wrongly. */
export async function runMutants(surroundings: Surroundings): Promise<number> {
  const names = (Object.keys(MUTANTS) as Mutant[]).filter((name) => name.includes(surroundings.only));
  const waiting: (Mutant | undefined)[] = [undefined, ...names];
  let wrong = 0;
  const next = async (): Promise<void> => {
    while (waiting.length > 0) {
      const mutant = waiting.shift();
      const violations = await runMutant(mutant, surroundings);
      const isRight = isJudgedRightly(mutant, violations);
      wrong += isRight ? 0 : 1;
      const what =
        mutant === undefined ? 'a sound system' : `a system that ${mutant} breaks “${MUTANTS[mutant]}”`;
      console.log(`${isRight ? 'ok  ' : 'FAIL'} ${what}: ${countsOf(violations)}`);
      if (!isRight)
        for (const violation of violations)
          console.log(`     ${violation.rule}: ${violation.token} ${violation.what}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return wrong;
}

function isJudgedRightly(mutant: Mutant | undefined, violations: readonly Violation[]): boolean {
  return mutant === undefined
    ? violations.length === 0
    : violations.some(({ rule }) => rule === MUTANTS[mutant]);
}

function countsOf(violations: readonly Violation[]): string {
  const counts = Map.groupBy(violations, ({ rule }) => rule);
  return counts.size === 0
    ? 'no rule is broken'
    : Array.from(counts, ([rule, those]) => `${rule} ${those.length}`).join(', ');
}

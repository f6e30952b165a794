import type { BlowKind } from '../evidence/evidence.ts';
import type { Random } from '../surroundings/random.ts';
import type { Tempo } from '../surroundings/tempo.ts';

/** Stands for all processes. */
export const EVERYTHING = 'everything';

/** Something that is to be done to a process. */
export interface PlannedBlow {
  /** Its name, or `EVERYTHING`. */
  readonly process: string;
  readonly kind: BlowKind;
  /** After the blow before it, or, unless it is one together with that, after everybody has got up again. */
  readonly afterMs: number;
  readonly isTogether: boolean;
  /** How long a killed process stays dead. */
  readonly deadMs: number;
  /** By how much a freeze outlasts what it is to outlast. */
  readonly beyondMs: number;
}

const TOGETHER_SHARE = 0.5;
const KILLS_IN_A_ROUND = 2;
const LONGEST_DEATH_MS = 1_500;
const BEYOND_MS = { min: 300, max: 1_500 };

/**
 * @returns what is done to the processes, for ever. In every round each is killed twice and frozen once, in an order of its own; first of all,
 * one of each tier is killed and one frozen, so that a short run has all of it. Once in a round everything is killed.
 * @param pauseMs how long everybody is left alone between two blows; two that fall together have less than the shortest pause between them.
 */
export function* planBlows(
  processes: readonly string[],
  pauseMs: Tempo['blowPauseMs'],
  random: Random,
): Generator<PlannedBlow, never, undefined> {
  for (;;) {
    const round = processes.flatMap((process) => [
      ...Array.from({ length: KILLS_IN_A_ROUND }, () => ({ process, kind: 'kill' as const })),
      { process, kind: 'freeze' as const },
    ]);
    // Soon, because what is still to come when the talk is over is not done.
    const [first, ...others] = shuffled(round, random);
    const order = [...(first ? [first] : []), { process: EVERYTHING, kind: 'kill' as const }, ...others];
    const firsts = order.filter((blow, index) => order.findIndex((one) => isAlike(one, blow)) === index);
    for (const blow of [...firsts, ...order.filter((one) => !firsts.includes(one))]) {
      const isTogether = random.chance(TOGETHER_SHARE);
      yield {
        ...blow,
        isTogether,
        afterMs: isTogether ? random.between(0, pauseMs.min) : random.between(pauseMs.min, pauseMs.max),
        deadMs: random.between(0, LONGEST_DEATH_MS),
        beyondMs: random.between(BEYOND_MS.min, BEYOND_MS.max),
      };
    }
  }
}

type Hit = Pick<PlannedBlow, 'process' | 'kind'>;

/** Processes of one tier differ by the number behind their name. */
function isAlike(one: Hit, other: Hit): boolean {
  return one.kind === other.kind && one.process.split('-')[0] === other.process.split('-')[0];
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, place: random.next() }))
    .sort((one, two) => one.place - two.place)
    .map(({ item }) => item);
}

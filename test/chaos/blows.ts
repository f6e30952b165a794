import type { BlowKind } from './evidence.ts';
import type { Random } from './random.ts';

/** Something that is to be done to a process. */
export interface PlannedBlow {
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

const PAUSE_MS = { min: 1_500, max: 5_500 };
const TOGETHER_SHARE = 0.5;
const KILLS_IN_A_ROUND = 2;
const LONGEST_DEATH_MS = 1_500;
const BEYOND_MS = { min: 300, max: 1_500 };

/** @returns what is done to the processes, for ever. In every round each is killed twice and frozen once, in an order of its own. */
export function* planBlows(
  processes: readonly string[],
  random: Random,
): Generator<PlannedBlow, never, undefined> {
  for (;;) {
    const round = processes.flatMap((process) => [
      ...Array.from({ length: KILLS_IN_A_ROUND }, () => ({ process, kind: 'kill' as const })),
      { process, kind: 'freeze' as const },
    ]);
    for (const blow of shuffled(round, random)) {
      const isTogether = random.chance(TOGETHER_SHARE);
      yield {
        ...blow,
        isTogether,
        afterMs: isTogether ? random.between(0, PAUSE_MS.min) : random.between(PAUSE_MS.min, PAUSE_MS.max),
        deadMs: random.between(0, LONGEST_DEATH_MS),
        beyondMs: random.between(BEYOND_MS.min, BEYOND_MS.max),
      };
    }
  }
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, place: random.next() }))
    .sort((one, two) => one.place - two.place)
    .map(({ item }) => item);
}

import type { ModelFailure } from '../evidence/evidence.ts';
import type { Random } from '../surroundings/random.ts';

/** The share of questions at which the model fails, and how often at the most before it answers. */
const FAILING_SHARE = 0.05;
const MOST_IN_A_ROW = 2;
/** Also in a small run it fails. */
const AT_LEAST_AFTER = 8;
/**
 * `refused`, `overloaded`, `throttled`: answers with HTTP 503, 529, 429; `broken`: with 500; `cut`: the connection ends in the middle of the
 * answer; `hung`: it ends after a long time without any.
 */
const KINDS = ['refused', 'overloaded', 'throttled', 'broken', 'cut', 'hung'] as const;
export type ModelFault = (typeof KINDS)[number];

/** What goes wrong with the requests to the model. */
export class ModelFaults {
  readonly #random: Random;
  readonly #left = new Map<string, number>();
  readonly #failures: ModelFailure[] = [];
  #requests = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Those that were done. */
  get failures(): readonly ModelFailure[] {
    return this.#failures;
  }

  /** @param tokens the questions of the request. @returns undefined when it is to be answered. */
  faultOf(tokens: readonly string[]): ModelFault | undefined {
    const name = tokens.join(' ');
    this.#requests += 1;
    if (!this.#left.has(name)) this.#left.set(name, this.#drawnFor(name));
    const left = this.#left.get(name) ?? 0;
    if (left === 0) return undefined;
    this.#left.set(name, left - 1);
    const kind = this.#random.occurrence(`kind ${name}`).pick(KINDS);
    this.#failures.push({ tokens, kind, atMs: Date.now() });
    return kind;
  }

  #drawnFor(name: string): number {
    const lot = this.#random.occurrence(name);
    const isOwed = this.#requests >= AT_LEAST_AFTER && this.#failures.length === 0;
    return lot.chance(FAILING_SHARE) || isOwed ? lot.integer(1, MOST_IN_A_ROW) : 0;
  }
}

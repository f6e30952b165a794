/**
 * A source of random numbers that its seed decides. Each decision-maker forks its own, so that one does not shift another's; and who
 * decides on what comes in an order that nobody decides (calls, requests) asks for the source of each occurrence by its name.
 */
export class Random {
  readonly #seed: string;
  readonly #occurrences = new Map<string, number>();
  #state: number;

  constructor(seed: string) {
    this.#seed = seed;
    this.#state = hash(seed);
  }

  fork(name: string): Random {
    return new Random(`${this.#seed}/${name}`);
  }

  /** @returns the source for one more occurrence of what has this name; the first, second … one is the same for a seed, whatever happens between. */
  occurrence(name: string): Random {
    const count = (this.#occurrences.get(name) ?? 0) + 1;
    this.#occurrences.set(name, count);
    return this.fork(`${name}#${count}`);
  }

  /** @returns a number in [0, 1), by the mulberry32 generator. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** @returns a number in [min, max). */
  between(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  /** @returns an integer from min to max, both included. */
  integer(min: number, max: number): number {
    return Math.floor(this.between(min, max + 1));
  }

  /** @throws RangeError when there is nothing to pick from. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new RangeError('There is nothing to pick from');
    return item;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

// an amount of something → so much of it for each of its holders that there is always some left for the next one
import { once } from 'node:events';
import { EventEmitter } from 'node:events';

/** Gives back what was taken; a second time does nothing. */
export type GiveBack = () => void;

/**
 * A holder may have as much as would be left for all others together: one alone has at most half, two a third each, and so on
 * (dynamic thresholds: Choudhury and Hahne, https://doi.org/10.1109/90.664262). So nobody, and no number of holders, uses up all of it.
 */
export class FairShare {
  readonly #total: number;
  readonly #mostOfOne: number;
  readonly #heldBy = new WeakMap<object, number>();
  readonly #returns = new EventEmitter().setMaxListeners(0);
  #held = 0;

  /** @param mostOfOne what one holder may have at most, however much is left. */
  constructor(total: number, mostOfOne: number) {
    this.#total = total;
    this.#mostOfOne = mostOfOne;
  }

  /** What all holders have together. */
  get held(): number {
    return this.#held;
  }

  /** @returns nothing when the holder's share does not reach. */
  tryTake(holder: object, amount: number): GiveBack | undefined {
    const would = (this.#heldBy.get(holder) ?? 0) + amount;
    if (would > Math.min(this.#mostOfOne, this.#total - this.#held - amount)) return undefined;
    this.#add(holder, amount);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#add(holder, -amount);
      this.#returns.emit('return');
    };
  }

  /**
   * Waits until the holder's share reaches.
   * @throws AbortError when the signal aborts before
   */
  async take(holder: object, amount: number, signal: AbortSignal): Promise<GiveBack> {
    for (;;) {
      signal.throwIfAborted();
      const giveBack = this.tryTake(holder, amount);
      if (giveBack) return giveBack;
      await once(this.#returns, 'return', { signal });
    }
  }

  #add(holder: object, amount: number): void {
    this.#held += amount;
    this.#heldBy.set(holder, (this.#heldBy.get(holder) ?? 0) + amount);
  }
}

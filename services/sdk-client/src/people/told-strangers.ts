/** How long the bot stays silent to a stranger after it told them their id, in ms. */
const REMEMBERED_MS = 24 * 60 * 60 * 1_000;
/** So many are remembered; while the memory is full, no further stranger is told anything. */
const MAX_STRANGERS = 1_000;

/**
 * Which strangers were told that they are strangers: each once a day, and together no more than the memory holds. It is this process's
 * own: nothing that somebody on the internet does makes a store grow.
 */
export class ToldStrangers {
  readonly #toldAtMs = new Map<string, number>();
  readonly #now: () => number;

  /** @param now ms since 1970; the machine's clock unless told otherwise. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** @returns whether the stranger is to be told, and counts as told from now on. */
  tell(userId: string): boolean {
    this.#forgetOld();
    if (this.#toldAtMs.has(userId) || this.#toldAtMs.size >= MAX_STRANGERS) return false;
    this.#toldAtMs.set(userId, this.#now());
    return true;
  }

  /** What the stranger was to be told did not get on its way. */
  forget(userId: string): void {
    this.#toldAtMs.delete(userId);
  }

  /** The oldest is the first. */
  #forgetOld(): void {
    const before = this.#now() - REMEMBERED_MS;
    for (const [userId, toldAtMs] of this.#toldAtMs) {
      if (toldAtMs > before) return;
      this.#toldAtMs.delete(userId);
    }
  }
}

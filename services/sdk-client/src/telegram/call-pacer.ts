/** How far back unused calls count. In ms. */
const MAX_DEBT_MS = 300;

/** Lets so many calls a second begin, in the order they are asked for. */
export class CallPacer {
  readonly #intervalMs: number;
  readonly #now: () => number;
  #nextAtMs = -Infinity;

  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#intervalMs = 1_000 / perSecond;
    this.#now = now;
  }

  /** @returns whether a call may begin now; then it counts. The calls that were not used in the last moment may be made at once. */
  take(): boolean {
    const nowMs = this.#now();
    if (this.#nextAtMs > nowMs) return false;
    this.#nextAtMs = Math.max(this.#nextAtMs, nowMs - MAX_DEBT_MS) + this.#intervalMs;
    return true;
  }
}

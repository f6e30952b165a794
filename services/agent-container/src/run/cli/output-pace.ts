import type { OutputLimits } from './output-limits.ts';

/** How many seconds of the pace may come at once. */
const BURST_SECONDS = 2;

/** Counts what a turn's CLI has written: how much there may be in all, and how long a writer has to wait that is too fast. */
export class OutputPace {
  readonly #limits: OutputLimits;
  readonly #now: () => number;
  #lines = 0;
  #bytes = 0;
  /** When everything so far would have come at the pace, in ms. */
  #dueMs: number;

  constructor(limits: OutputLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
    this.#dueMs = now();
  }

  /** @returns what there is too much of, if there is. */
  count(lines: number, bytes: number): 'lines' | 'bytes' | undefined {
    this.#lines += lines;
    this.#bytes += bytes;
    const tookMs = Math.max(lines / this.#limits.linesPerSecond, bytes / this.#limits.bytesPerSecond) * 1_000;
    this.#dueMs = Math.max(this.#dueMs, this.#now()) + tookMs;
    if (this.#lines > this.#limits.turnLines) return 'lines';
    return this.#bytes > this.#limits.turnBytes ? 'bytes' : undefined;
  }

  /** In ms. */
  get waitMs(): number {
    return Math.max(0, this.#dueMs - this.#now() - BURST_SECONDS * 1_000);
  }
}

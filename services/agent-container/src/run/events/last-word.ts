// the CLI has said its last word → a grace → it is no longer waited for
import type { OutputGate } from '../cli/output-gate.ts';
import { OUTPUT_LIMITS, type OutputLimits } from '../cli/output-limits.ts';

/** Whoever is slow to read must not lose what the CLI had said; in ms. */
const LOOK_AGAIN_MS = 100;

interface LastWordOptions {
  readonly limits?: OutputLimits | undefined;
  /** Shut while something that the CLI said is still to be read. */
  readonly gate: OutputGate;
  /** Called when the time is over; the run is then to end with what it has. */
  readonly onOverdue: () => void;
}

/**
 * A CLI that has given its result goes by itself. One that stays, whether it is silent or writes on, would keep its chat and a place among
 * the runs until the time limit of a turn.
 */
export class LastWord implements Disposable {
  readonly #options: LastWordOptions;
  #timer: NodeJS.Timeout | undefined;
  #isResult = false;

  constructor(options: LastWordOptions) {
    this.#options = options;
  }

  /** The first word counts, so that saying more of them gains no time. @param isResult nothing of worth follows it. */
  heard(isResult: boolean): void {
    this.#isResult ||= isResult;
    this.#timer ??= setTimeout(() => this.#end(), (this.#options.limits ?? OUTPUT_LIMITS).afterLastWordMs);
  }

  #end(): void {
    const { gate, onOverdue } = this.#options;
    if (this.#isResult || gate.isOpen) onOverdue();
    else this.#timer = setTimeout(() => this.#end(), LOOK_AGAIN_MS);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

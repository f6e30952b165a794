import { setImmediate } from 'node:timers/promises';

/** Lets one loop sleep until there may be work. A ring while the loop is busy is not lost: its next sleep ends at once. */
export class WakeBell {
  #isRung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  /** Resolves on a ring or after the timeout, never before the event loop had its turn: I/O must not starve. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.#isRung) await this.#ringOrTimeout(timeoutMs);
    await setImmediate();
    this.#isRung = false;
  }

  #ringOrTimeout(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

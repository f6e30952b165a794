/** Reports the first failure of an outage, and says nothing of those that follow until something succeeded. */
export class OncePerOutage {
  readonly #report: (error: unknown) => void;
  #isOut = false;

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  /** Whether the latest use failed. */
  get isOut(): boolean {
    return this.#isOut;
  }

  worked(): void {
    this.#isOut = false;
  }

  failed(error: unknown): void {
    if (this.#isOut) return;
    this.#isOut = true;
    this.#report(error);
  }
}

/** What a command tells while it works: numbered steps, and what came of each. */
export class Progress {
  readonly #write: (line: string) => void;
  readonly #steps: number;
  #step = 0;

  /** @param steps how many there will be. */
  constructor(steps: number, write: (line: string) => void = console.log) {
    this.#steps = steps;
    this.#write = write;
  }

  begin(title: string): void {
    this.#step += 1;
    this.#write(`[${this.#step}/${this.#steps}] ${title}`);
  }

  done(what: string): void {
    this.#write(`  ✓ ${what}`);
  }

  /** What was found as it should be, so that nothing was done. */
  skip(what: string): void {
    this.#write(`  – ${what}`);
  }

  /** What does not stop the command, but wants to be known. */
  warn(what: string): void {
    this.#write(`  ! ${what}`);
  }
}

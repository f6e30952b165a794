/** The time that failures count, in ms. */
const WINDOW_MS = 5 * 60_000;
/** Somebody who knows the password mistypes it less often. */
const FAILURES_PER_ADDRESS = 10;
/** From all addresses together: guesses may come from many. */
const FAILURES_IN_ALL = 100;
const MOST_ADDRESSES = 1_000;

interface Failures {
  count: number;
  readonly until: number;
}

/** Counts wrong passwords, so that nobody can try many. Its memory is bounded, whatever comes. */
export class PasswordTries {
  readonly #now: () => number;
  readonly #byAddress = new Map<string, Failures>();
  /** Where the right password came from: there, the failures of others do not count. */
  readonly #trusted = new Set<string>();
  #all: Failures | undefined;

  /** @param now in ms, never going back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @returns how long no password of the address is looked at, in ms; 0: it may try. */
  waitMs(address: string): number {
    const own = this.#current(this.#byAddress.get(address));
    if (own && own.count >= FAILURES_PER_ADDRESS) return own.until - this.#now();
    const all = this.#current(this.#all);
    const isClosed = all !== undefined && all.count >= FAILURES_IN_ALL && !this.#trusted.has(address);
    return isClosed ? all.until - this.#now() : 0;
  }

  failed(address: string): void {
    this.#all = this.#oneMore(this.#all);
    if (!this.#byAddress.has(address)) this.#makeRoom();
    this.#byAddress.set(address, this.#oneMore(this.#byAddress.get(address)));
  }

  succeeded(address: string): void {
    this.#byAddress.delete(address);
    if (this.#trusted.size < MOST_ADDRESSES) this.#trusted.add(address);
  }

  #current(failures: Failures | undefined): Failures | undefined {
    return failures && failures.until > this.#now() ? failures : undefined;
  }

  #oneMore(failures: Failures | undefined): Failures {
    const current = this.#current(failures) ?? { count: 0, until: this.#now() + WINDOW_MS };
    return { ...current, count: current.count + 1 };
  }

  /** The oldest are forgotten; the count of all goes on. */
  #makeRoom(): void {
    const [oldest] = this.#byAddress.keys();
    if (this.#byAddress.size >= MOST_ADDRESSES && oldest !== undefined) this.#byAddress.delete(oldest);
  }
}

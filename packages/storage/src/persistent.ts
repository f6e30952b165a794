import { setTimeout as delay } from 'node:timers/promises';

/** Waits before the second, third … try, in ms; up to half of each is added at random. */
const RETRY_DELAYS_MS: readonly number[] = [50, 200, 800];
/** A store that has failed for longer is away, and no try of the same call helps. In ms. */
const GIVEN_UP_AFTER_MS = 3_000;

type Method<Port> = {
  [Name in keyof Port]: Port[Name] extends (...args: never[]) => Promise<unknown> ? Name : never;
}[keyof Port];

/**
 * @param names the methods whose calls may be made again although one that failed had its effect.
 * @returns the same port, whose named methods are called up to four times when the store fails; what is told not to be `retryable` is thrown at
 *   once, the last try's error otherwise.
 */
export function persistent<Port extends object>(port: Port, names: readonly Method<Port>[]): Port {
  const isNamed = new Set<unknown>(names);
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const call = (args: unknown[]): unknown => Reflect.apply(member, target, args) as unknown;
      if (!isNamed.has(name)) return (...args: unknown[]) => call(args);
      return (...args: unknown[]) => persistently(() => call(args) as Promise<unknown>);
    },
  });
}

/** Makes one call again and again, as `persistent` does. @throws the last try's error. */
export async function persistently<Result>(call: () => Promise<Result>): Promise<Result> {
  const begunMs = performance.now();
  for (let tries = 0; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      const delayMs = RETRY_DELAYS_MS[tries];
      const isAway = performance.now() - begunMs > GIVEN_UP_AFTER_MS;
      if (delayMs === undefined || isAway || !mayHelp(error)) throw error;
      await delay(delayMs * (1 + Math.random() / 2));
    }
  }
}

/** An error that says nothing of it may be gone at the next try. */
function mayHelp(error: unknown): boolean {
  return !(error instanceof Error && 'retryable' in error && error.retryable === false);
}

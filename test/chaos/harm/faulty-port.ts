import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { StoreFaults } from '../processes/config.ts';
import { Random } from '../surroundings/random.ts';

/** So much of what a call is about names it, in characters. */
const NAME_LENGTH = 2_000;

/** Tells the harness of a call that failed. */
const failedCall = z.object({
  store: z.string(),
  /** Names what the call was about. */
  about: z.string(),
  atMs: z.number(),
});
export type FailedCall = z.infer<typeof failedCall>;

/** @returns undefined for a message of a process that tells of something else. */
export function readFailedCall(message: unknown): FailedCall | undefined {
  return failedCall.safeParse(message).data;
}

/** @returns the machine's time, also where the clock of the process was set. */
function machineNow(): number {
  return performance.timeOrigin + performance.now();
}

/** A call is about a key, a number of an update, a turn or a lease. */
function nameIn(about: unknown): string {
  return (typeof about === 'number' ? `turn#${about}` : JSON.stringify(about ?? '')).slice(0, NAME_LENGTH);
}

/**
 * Puts failures and delays before and after a port's calls, and tells the harness of each failure.
 * @param error makes the error that the port's own adapter throws when its store fails. Half of the failures come after the effect.
 */
export function faulty<Port extends object>(
  name: string,
  port: Port,
  {
    faults: { seed, errorRate, latencyMs },
    error,
  }: { readonly faults: StoreFaults; readonly error: () => Error },
): Port {
  const random = new Random(`${seed}/${name}`);
  const meddle = async (what: string, about: unknown, call: () => unknown): Promise<unknown> => {
    const lot = random.occurrence(what);
    const fails = lot.chance(errorRate);
    const isLate = lot.chance(0.5);
    // Most calls are quick: the square makes the long ones rare.
    await delay(latencyMs * lot.next() ** 2);
    if (fails) process.send?.({ store: name, about: nameIn(about), atMs: machineNow() } satisfies FailedCall);
    if (fails && !isLate) throw error();
    const result: unknown = await call();
    if (fails) {
      // Nobody gets it, so nobody can close it.
      if (isOpen(result)) await result[Symbol.asyncDispose]();
      throw error();
    }
    return result;
  };
  return new Proxy(port, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const [about] = args;
        const what = typeof about === 'string' || typeof about === 'number' ? about : '';
        return meddle(
          `${String(property)} ${what}`,
          about,
          () => Reflect.apply(member, target, args) as unknown,
        );
      };
    },
  });
}

function isOpen(value: unknown): value is AsyncDisposable {
  return typeof value === 'object' && value !== null && Symbol.asyncDispose in value;
}

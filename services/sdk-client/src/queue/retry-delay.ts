const FIRST_DELAY_MS = 1_000;
const GROWTH = 4;
/** Part of the delay by which it may be shorter or longer, so that turns which failed together do not return together. */
const JITTER = 0.2;

/**
 * @param attempt the try that failed, from 1
 * @param random a number in [0, 1)
 * @returns how long to wait before the next try, in ms: 1 s, 4 s, 16 s … ± 20 %
 */
export function retryDelayMs(attempt: number, random: number = Math.random()): number {
  return FIRST_DELAY_MS * GROWTH ** (attempt - 1) * (1 + JITTER * (2 * random - 1));
}

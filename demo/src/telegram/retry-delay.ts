const MAX_DELAY_MS = 60_000;
const MAX_RETRY_AFTER_S = 3600;

/**
 * How long Telegram waits before it delivers an update again.
 * @param failures how often it failed in a row, from 1.
 * @returns 0 after the first failure, then 2, 4, 8 … s up to a minute, in ms.
 */
export function retryDelayMs(failures: number): number {
  return failures <= 1 ? 0 : Math.min(1000 * 2 ** (failures - 1), MAX_DELAY_MS);
}

/** @returns what a `Retry-After` header in seconds asks for, in ms, at most an hour; undefined if it is no number. */
export function retryAfterMs(header: string | null): number | undefined {
  if (header === null || !/^\d{1,9}$/.test(header.trim())) return undefined;
  return Math.min(Number(header), MAX_RETRY_AFTER_S) * 1000;
}

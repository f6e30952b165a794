/** What a bot of Telegram can download, in bytes. */
export const MAX_FILE_BYTES = 20 * 1024 * 1024;
export const MAX_FILE_MEGABYTES = MAX_FILE_BYTES / 1024 / 1024;
/** How many files go at a time: what an album of Telegram holds. */
export const MAX_FILES = 10;

/** Why a file cannot be attached. */
export type Refusal = 'tooLarge' | 'emptyFile' | 'tooMany';

/** @returns what can still be attached beside `count` files, and the others with the reason. */
export function sortOut<F extends { readonly size: number }>(
  files: readonly F[],
  count: number,
): { taken: F[]; refused: { file: F; reason: Refusal }[] } {
  const taken: F[] = [];
  const refused: { file: F; reason: Refusal }[] = [];
  for (const file of files) {
    const reason = refusalOf(file.size, count + taken.length);
    if (reason === undefined) taken.push(file);
    else refused.push({ file, reason });
  }
  return { taken, refused };
}

function refusalOf(size: number, count: number): Refusal | undefined {
  if (size === 0) return 'emptyFile';
  if (size > MAX_FILE_BYTES) return 'tooLarge';
  return count >= MAX_FILES ? 'tooMany' : undefined;
}

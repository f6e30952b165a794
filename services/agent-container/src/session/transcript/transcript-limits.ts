/**
 * What a transcript may hold, and with it what reading one may cost: whoever has a shell can write anything into its own. A save refuses
 * what is beyond; of a stored transcript it is damage. The figures leave room for several times what the CLI writes.
 */

/** Of the whole transcript, in bytes. It is held in memory once at a save and once at a restore. */
export const TRANSCRIPT_LIMIT_BYTES = 128 * 1024 * 1024;

/**
 * Of one line, in bytes. A request to the model has 32 MB at most (https://platform.claude.com/docs/en/api/overview#request-size-limits),
 * and the CLI writes the result of a tool twice into one line: for the model and for itself.
 */
export const LINE_LIMIT_BYTES = 64 * 1024 * 1024;

/** Lines that are read. The CLI's have more than 1 kB on average, and about 4.5 kB for a turn without tools. */
export const MAX_LINES = 200_000;

/** Pieces of a damaged transcript that are looked at one by one; what comes behind them is taken as one. */
export const MAX_DAMAGED_PIECES = 10_000;

/** Blocks of all messages together, each of which is held in memory while a transcript is repaired. */
export const MAX_BLOCKS = 400_000;

/** Values of one line: numbers, texts, lists and so on. One takes up to 100 bytes of memory when it is parsed, and as few as 2 in the file. */
export const MAX_LINE_VALUES = 200_000;

/** How deep lists and objects of one line may lie in each other. What writes JSON calls itself for each level. */
export const MAX_DEPTH = 500;

/** What is left of one line without its long texts, in bytes. */
export const OUTLINE_LIMIT_BYTES = 8 * 1024 * 1024;

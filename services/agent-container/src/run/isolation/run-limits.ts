// what the machine has → what one run may use of it
import { totalmem } from 'node:os';

const MEGABYTE = 1024 * 1024;

/** What all processes of one confined run may use together, and one file of theirs. */
export interface RunLimits {
  readonly memoryBytes: number;
  /** Processes and threads. */
  readonly processes: number;
  /** The largest file that one of them may write. */
  readonly fileBytes: number;
}

/** Lambda allows 1024 processes and threads in all, the server's included. */
const DEFAULT_PROCESSES = 400;
const DEFAULT_FILE_MB = 1_024;
/** Of one process. The machine has so many for all. */
const DESCRIPTORS = 4_096;

/**
 * @param given by settings; what is not given follows the machine, or its container: a quarter of the memory, but 1 GB where that is no more
 *   than three fifths of it. The CLI itself takes about 300 MB.
 */
export function runLimits(given: Partial<RunLimits> = {}): RunLimits {
  const constrained = process.constrainedMemory();
  const total = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return {
    memoryBytes: Math.floor(Math.min(Math.max(total / 4, 1_024 * MEGABYTE), total * 0.6)),
    processes: DEFAULT_PROCESSES,
    fileBytes: DEFAULT_FILE_MB * MEGABYTE,
    ...given,
  };
}

/** @returns the arguments of `prlimit` (util-linux) for what the kernel itself keeps. @param processes undefined: not kept by it. */
export function kernelLimits({ fileBytes }: RunLimits, processes: number | undefined): string[] {
  return [
    ...(processes === undefined ? [] : [`--nproc=${processes}:${processes}`]),
    ...[`--fsize=${fileBytes}:${fileBytes}`, '--core=0:0', `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`],
  ];
}

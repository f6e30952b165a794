import { availableParallelism, totalmem } from 'node:os';

const GB = 1024 ** 3;
/** What one running CLI takes: 0.25 to 0.3 GB resident while it answers, more while a tool of its own works. In bytes. */
const BYTES_PER_TURN = 0.3 * GB;
/** This process itself, and what the system needs besides. In bytes. */
const RESERVED_BYTES = 0.5 * GB;
/** A CLI computes for about a second when it starts and then mostly waits for the model. */
const TURNS_PER_CORE = 4;
const MOST = 64;

/** The machine, or the part of it that this process may use. */
export interface Machine {
  readonly memoryBytes: number;
  readonly cores: number;
}

/** @returns the machine, or its container's limits where those are lower. */
export function thisMachine(): Machine {
  // 0 or an enormous number when there is no limit: https://nodejs.org/api/process.html#processconstrainedmemory
  const limit = process.constrainedMemory();
  return {
    memoryBytes: limit > 0 ? Math.min(limit, totalmem()) : totalmem(),
    cores: availableParallelism(),
  };
}

/** @returns how many turns the machine can run side by side: as many CLIs as its memory holds and its cores can start; at least 1. */
export function parallelTurnsFor({ memoryBytes, cores }: Machine): number {
  const byMemory = Math.floor((memoryBytes - RESERVED_BYTES) / BYTES_PER_TURN);
  return Math.max(1, Math.min(byMemory, cores * TURNS_PER_CORE, MOST));
}

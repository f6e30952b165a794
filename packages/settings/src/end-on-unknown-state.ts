import { setTimeout as delay } from 'node:timers/promises';

/** What a host does when an error reaches it that no part of the program has met. */
export interface LastResort {
  /** Writes the whole error down, its stack and its causes too. */
  readonly log: (message: string, error: unknown) => void;
  /** Takes no new work and lets go of what runs, so that the queue delivers it again. Missing where the platform ends the process. */
  readonly end?: () => Promise<void>;
  /** How long that may take, in ms; 15 s unless given. */
  readonly graceMs?: number;
}

/** A run has some seconds to be interrupted in; what a supervisor waits for after SIGTERM is usually longer. */
const GRACE_MS = 15_000;

/**
 * After an error that nobody met, the state of the process is not known, so the process ends with code 1 and in good order. Whoever
 * supervises it starts the next one, and the turns under way are delivered again. A log that nobody reads any more is no such error: the
 * process goes on without it.
 * @returns what takes this back.
 */
export function endOnUnknownState({ log, end, graceMs = GRACE_MS }: LastResort): () => void {
  let isEnding = false;
  const meet = (error: unknown): void => {
    try {
      log('An error that no part of the program met, so this process ends', error);
    } catch {
      // Nothing is left to tell it to, and the process ends all the same.
    }
    if (isEnding) return;
    isEnding = true;
    // Of a platform that ends the process by itself, only the delay is waited for.
    const ended = (async () => end?.() ?? delay(graceMs))();
    const late = delay(graceMs);
    Promise.race([ended, late]).then(exit, (failure: unknown) => {
      log('Ending failed, too', failure);
      exit();
    });
  };
  process.on('uncaughtException', meet).on('unhandledRejection', meet);
  for (const output of OUTPUTS) output.on('error', goOn);
  return () => {
    process.off('uncaughtException', meet).off('unhandledRejection', meet);
    for (const output of OUTPUTS) output.off('error', goOn);
  };
}

const OUTPUTS = [process.stdout, process.stderr];

/** Whoever took the log has gone (EPIPE): there is nobody left to be told. */
function goOn(): void {
  return;
}

function exit(): never {
  process.exit(1);
}

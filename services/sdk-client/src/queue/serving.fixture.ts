import { setImmediate } from 'node:timers/promises';
import type { Turn } from '@omnicloud/protocol';
import type { Outcome, TurnHandler, TurnQueue } from './turn-queue.ts';

export const DONE: Outcome = { kind: 'done' };
export const RETRY: Outcome = { kind: 'retry' };

/** What happened, in order; a test waits for an entry instead of for a time. */
export class EventLog {
  readonly entries: string[] = [];
  readonly #checks: (() => void)[] = [];

  add(entry: string): void {
    this.entries.push(entry);
    for (const check of this.#checks) check();
  }

  until(entry: string): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.entries.includes(entry)) resolve();
      };
      this.#checks.push(check);
      check();
    });
  }
}

/** @returns a handler that logs each try as `1#2` (update 1, try 2) and answers what `decide` says, `done` by default. */
export function logged(
  log: EventLog,
  decide: (turn: Turn, attempt: number) => Outcome = () => DONE,
): Pick<TurnHandler, 'handle'> {
  return {
    handle: (turn, attempt) => {
      log.add(`${turn.update_id}#${attempt}`);
      return Promise.resolve(decide(turn, attempt));
    },
  };
}

/** Serves the queue while `use` runs, then stops and waits until the queue has settled everything. */
export async function whileServing(
  queue: TurnQueue,
  handler: Partial<TurnHandler>,
  use: () => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const neverGivesUp = (): Promise<undefined> => Promise.reject(new Error('giveUp was not expected'));
  const served = queue.serve(
    { handle: () => Promise.resolve({ kind: 'done' }), giveUp: neverGivesUp, ...handler },
    stop.signal,
  );
  try {
    await Promise.race([use(), served]);
  } finally {
    stop.abort();
    await served;
  }
}

/** Lets everything that is ready to go on do so. */
export async function eventLoopTurns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
}

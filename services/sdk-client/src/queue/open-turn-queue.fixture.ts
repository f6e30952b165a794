import type { TurnQueue } from './turn-queue.ts';

export interface OpenTurnQueue {
  readonly queue: TurnQueue;
  /** Every error that the adapter reported, and the update it concerned. */
  readonly reported: readonly { error: unknown; updateId: number | undefined }[];
  readonly close: () => Promise<void>;
}

/** What a service outside this program may not be able to do. */
export interface TurnQueueAbilities {
  /** `enqueue` says `duplicate`, instead of dropping the turn silently. */
  readonly tellsDuplicates: boolean;
  /** An update that was handled is still known, so that it is dropped when it comes again. */
  readonly remembersHandled: boolean;
  /** `waiting` returns a number. */
  readonly countsWaiting: boolean;
  /** A turn that was queued while the queue was being stopped has not been tried yet. */
  readonly turnsNothingAway: boolean;
}

/** Opens an empty queue, and closes it when `use` has ended. */
export type WithQueue = (use: (queue: TurnQueue, opened: OpenTurnQueue) => Promise<void>) => Promise<void>;

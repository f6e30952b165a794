import type { Turn } from '@omnicloud/protocol';

export interface BacklogEntry {
  readonly turn: Turn;
  /** How many turns of its group were there when it came, as far as that could be seen. */
  readonly behind: number;
}

/**
 * Port: the turns of each group (`groupOf`) that were received and are not done. A view beside the queue, which shows neither what
 * waits nor how much of it: the queue alone decides what is handled. An entry is forgotten 24 hours after it was added, which the
 * reader checks itself.
 */
export interface Backlog {
  /** Adds the turn, unless it is there. Behind `MAX_BACKLOG` others, or `MAX_SEEN_BYTES` of them, it takes a place that cannot be seen. */
  add(turn: Turn): Promise<void>;
  /** @returns the turns of a group in the order they were added, up to the first that cannot be seen: none in between is missing. */
  list(group: string): Promise<BacklogEntry[]>;
  /** Unknown ones are passed over. */
  remove(group: string, updateIds: readonly number[]): Promise<void>;
}

export const BACKLOG_LIFE_MS = 24 * 60 * 60 * 1000;
/** More of one group cannot be seen. */
export const MAX_BACKLOG = 500;
/**
 * Nor can what stands behind so many bytes of one group's turns: an item of DynamoDB may have 400 KB
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html), and whoever looks reads all of it.
 */
export const MAX_SEEN_BYTES = 300_000;

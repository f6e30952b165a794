import type { Turn } from '@omnicloud/protocol';

export interface BacklogEntry {
  readonly turn: Turn;
  /** How many turns of its group were there when it came, as far as that could be seen. */
  readonly behind: number;
}

/**
 * Port: the turns of each group (`groupOf`) that were received and are not done. A view beside the queue, which shows neither what
 * waits nor how much of it: the queue alone decides what is handled, and an entry that is missing or late here costs no more than
 * its place in a count. An entry is forgotten 24 hours after it was added, which the reader checks itself; of a group with very
 * many the later ones are left out.
 */
export interface Backlog {
  /** Adds the turn, unless it is there. */
  add(turn: Turn): Promise<void>;
  /** @returns the turns of a group, in the order they were added. What is no readable turn is left out. */
  list(group: string): Promise<BacklogEntry[]>;
  /** Unknown ones are passed over. */
  remove(group: string, updateIds: readonly number[]): Promise<void>;
}

export const BACKLOG_LIFE_MS = 24 * 60 * 60 * 1000;
/** More of one group is not kept in view. */
export const MAX_BACKLOG = 50;

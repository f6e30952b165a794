import type { BacklogEntry } from './backlog.ts';
import { UnreadableTurnError } from '../queue-errors.ts';
import { readTurn } from '../read-turn.ts';

export interface StoredBacklogEntry {
  readonly updateId: number;
  /** JSON; what is none stands for a turn that cannot be seen. */
  readonly turnJson: string;
  readonly behind: number;
}

/**
 * @param stored in the order they were added.
 * @returns those before the first that is no readable turn: were it passed over, a later turn could be merged past it.
 */
export function readBacklog(stored: Iterable<StoredBacklogEntry>): BacklogEntry[] {
  const entries: BacklogEntry[] = [];
  for (const { behind, ...text } of stored) {
    try {
      entries.push({ turn: readTurn(text), behind });
    } catch (error) {
      // The queue, which has it too, says so.
      if (error instanceof UnreadableTurnError) return entries;
      throw error;
    }
  }
  return entries;
}

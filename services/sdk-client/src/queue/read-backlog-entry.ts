import type { BacklogEntry } from './backlog.ts';
import { UnreadableTurnError } from './queue-errors.ts';
import { readTurn } from './read-turn.ts';

/** @returns nothing for what is no readable turn: the queue, which has it too, says so. */
export function readBacklogEntry(updateId: number, turnJson: string, behind: number): BacklogEntry[] {
  try {
    return [{ turn: readTurn({ updateId, turnJson }), behind }];
  } catch (error) {
    if (error instanceof UnreadableTurnError) return [];
    throw error;
  }
}

import type { WorkspaceFigures } from '@omnicloud/protocol';
import { z } from 'zod';

/** What a turn could not have any more when it began, because it was damaged or missing in the store. */
export const lossesSchema = z.object({
  /** Turns that the conversation lacks since it was repaired: `accepted.repaired`. 0 when only bookkeeping was lost. */
  turns: z.int().min(0).optional(),
  /** Files that an earlier turn had saved: `workspace.lost`. */
  files: z.int().min(1).optional(),
  /** Whether the list of the files was lost: `workspace.is_list_lost`. */
  is_list_lost: z.boolean().optional(),
});
export type Losses = z.infer<typeof lossesSchema>;

/**
 * @param before what the runs before this one lost; it is in none of the saved objects any more.
 * @param now what this run lost on top of that.
 * @returns what all runs of the turn lost; undefined when that is nothing.
 */
export function bothLosses(before: Losses | undefined, now: Losses): Losses | undefined {
  const turns = sum(before?.turns, now.turns);
  const files = sum(before?.files, now.files);
  const isListLost = before?.is_list_lost === true || now.is_list_lost === true;
  if (turns === undefined && files === undefined && !isListLost) return undefined;
  return {
    ...(turns === undefined ? {} : { turns }),
    ...(files === undefined ? {} : { files }),
    ...(isListLost ? { is_list_lost: true } : {}),
  };
}

/** @returns the losses of files as the terminal event tells them. */
export function lostFiles(losses: Losses | undefined): Pick<WorkspaceFigures, 'lost' | 'is_list_lost'> {
  const { files, is_list_lost: isListLost } = losses ?? {};
  return {
    ...(files === undefined ? {} : { lost: files }),
    ...(isListLost ? { is_list_lost: true } : {}),
  };
}

function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined && other === undefined ? undefined : (one ?? 0) + (other ?? 0);
}

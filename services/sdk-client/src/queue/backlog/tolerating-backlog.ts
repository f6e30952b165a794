import { groupOf, type Turn } from '@omnicloud/protocol';
import { OncePerOutage, persistently } from '@omnicloud/storage';
import type { Backlog } from './backlog.ts';

/** So many turns at most are kept for an outage to end; what is more comes into view no more. */
const MAX_MISSED = 1_000;

/**
 * @returns the same view for whoever must go on without it: nothing rejects, what cannot be seen is not there, and an outage is reported
 *   once. A call that fails is made again, for a second or so, but not while the view is away. What was not noted during an outage is noted before what comes next, or a later message would be merged past it.
 */
export function toleratingBacklog(backlog: Backlog, onError: (error: unknown) => void): Backlog {
  const outage = new OncePerOutage(onError);
  /** By group, in the order they came. */
  const missed = new Map<string, Turn[]>();
  let missedCount = 0;

  const miss = (turn: Turn): void => {
    if (missedCount >= MAX_MISSED) return;
    const group = groupOf(turn);
    missed.set(group, [...(missed.get(group) ?? []), turn]);
    missedCount += 1;
  };
  const noteMissed = async (group: string): Promise<void> => {
    for (let turns = missed.get(group); turns?.[0]; turns = missed.get(group)) {
      const [first, ...rest] = turns;
      await backlog.add(first);
      missedCount -= 1;
      if (rest.length > 0) missed.set(group, rest);
      else missed.delete(group);
    }
  };
  const tolerating = async <Result>(use: () => Promise<Result>, otherwise: Result): Promise<Result> => {
    try {
      const result = await (outage.isOut ? use() : persistently(use));
      outage.worked();
      return result;
    } catch (error) {
      outage.failed(error);
      return otherwise;
    }
  };
  return {
    add: async (turn) => {
      const isNoted = await tolerating(async () => {
        await noteMissed(groupOf(turn));
        await backlog.add(turn);
        return true;
      }, false);
      if (!isNoted) miss(turn);
    },
    list: (group) =>
      tolerating(async () => {
        // What this process could not note stands before what others noted since.
        await noteMissed(group);
        return backlog.list(group);
      }, []),
    remove: (group, updateIds) =>
      tolerating(async () => {
        const turns = missed.get(group)?.filter(({ update_id: id }) => !updateIds.includes(id));
        missedCount -= (missed.get(group)?.length ?? 0) - (turns?.length ?? 0);
        if (turns === undefined || turns.length === 0) missed.delete(group);
        else missed.set(group, turns);
        await backlog.remove(group, updateIds);
      }, undefined),
  };
}

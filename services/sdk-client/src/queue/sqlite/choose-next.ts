// turns that may start, slots that are taken → which turn starts next
/** A turn that may start now: the oldest of its group, which is not being handled. */
export interface Candidate {
  /** Grows in the order in which turns were queued. */
  readonly position: number;
  /** Whose turn it is; a group with many topics is one chat. */
  readonly chat: string;
}

/** What is known of the chats that were served, for the lane that is chosen for. */
export interface ChatShares {
  /** How many turns of each chat are being handled. */
  readonly running: ReadonlyMap<string, number>;
  /** When each chat was served last: a number that grows with every start. A chat that is missing waits longest. */
  readonly served: ReadonlyMap<string, number>;
}

/** The part of the slots that no single chat may take. */
const RESERVED_PART = 1 / 4;

/** @returns how many of the slots one chat may take, so that another chat's single message finds one free. */
export function shareOf(slots: number): number {
  return slots < 2 ? slots : slots - Math.max(1, Math.floor(slots * RESERVED_PART));
}

/**
 * Round robin over chats: the chat with the fewest running turns is first; among those, the one that was served longest ago; within a
 * chat, the turn that was queued first. A chat that has its share of the slots waits.
 * @returns undefined when no turn may start.
 */
export function chooseNext<C extends Candidate>(
  candidates: Iterable<C>,
  { running, served }: ChatShares,
  slots: number,
): C | undefined {
  const share = shareOf(slots);
  const rank = ({ chat, position }: C): readonly number[] => [
    running.get(chat) ?? 0,
    served.get(chat) ?? -1,
    position,
  ];
  let best: C | undefined;
  for (const candidate of candidates) {
    if ((running.get(candidate.chat) ?? 0) >= share) continue;
    if (best === undefined || isBefore(rank(candidate), rank(best))) best = candidate;
  }
  return best;
}

/**
 * @returns the candidates in the order in which they would start if each start took a slot that no other chat needs: a place in the line.
 */
export function lineUp<C extends Candidate>(candidates: Iterable<C>, shares: ChatShares): C[] {
  const queues = new Map<string, C[]>();
  for (const candidate of candidates) {
    const queue = queues.get(candidate.chat);
    if (queue) queue.push(candidate);
    else queues.set(candidate.chat, [candidate]);
  }
  const rounds = [...queues].flatMap(([chat, queue]) =>
    queue
      .toSorted((a, b) => a.position - b.position)
      .map((candidate, index) => ({
        candidate,
        rank: [(shares.running.get(chat) ?? 0) + index, shares.served.get(chat) ?? -1, candidate.position],
      })),
  );
  return rounds.toSorted((a, b) => (isBefore(a.rank, b.rank) ? -1 : 1)).map(({ candidate }) => candidate);
}

function isBefore(one: readonly number[], other: readonly number[]): boolean {
  for (const [index, value] of one.entries()) {
    const compared = other[index] ?? 0;
    if (value !== compared) return value < compared;
  }
  return false;
}

import type { AskedQuestion, ModelAsked } from '../../evidence/evidence.ts';
import type { Case } from '../verdict.ts';

/** What the user reads of a conversation that was damaged, and of one that is gone. */
const DAMAGED =
  /conversation was damaged: (?:one message or its answer is|(\d+) messages or their answers are) lost/;
const GONE = 'earlier conversation could not be found';

/** @returns whether the conversation was damaged between the question and the request. */
export function isDamagedBetween(
  { session, takenAtMs }: AskedQuestion,
  { atMs }: ModelAsked,
  { damages }: Pick<Case, 'damages'>,
): boolean {
  return damages.some((one) => one.session === session && one.atMs > takenAtMs && one.atMs < atMs);
}

/** @returns how many turns the user was told to be lost in a session. */
export function lossesTold(session: string, { shownIn }: Pick<Case, 'shownIn'>): number {
  const messages = shownIn.get(session) ?? [];
  return messages.reduce((sum, { message: { text } }) => {
    if (text.includes(GONE)) return Infinity;
    const said = DAMAGED.exec(text);
    return said === null ? sum : sum + Number(said[1] ?? 1);
  }, 0);
}

import type { AskedCommand, AskedQuestion, ShownMessage } from '../../evidence/evidence.ts';
import type { Case } from '../verdict.ts';

/** What the user reads below a question whose answer was stopped. */
const STOPPED_HERE = '⏹';
/** What the answer to a stop says of the messages that nobody had begun with. */
const DROPPED = /\b(?:the message that was|the (\d+) messages that were) waiting (?:is|are) dropped/;
/** And when it could not be noted. */
const NOT_STOPPED = 'could not be stopped';

/** @returns the stops that cover the question: those that were said after it, and that the webhook took over. */
export function stopsOf(
  { session, messageId }: AskedQuestion,
  { commands }: Pick<Case, 'commands'>,
): AskedCommand[] {
  return commands.filter(
    (one) =>
      one.command === 'stop' &&
      one.session === session &&
      one.messageId > messageId &&
      one.takenAtMs < Infinity,
  );
}

export function saysStopped({ text }: ShownMessage): boolean {
  return text.includes(STOPPED_HERE);
}

/** @returns the answers to a stop that promise that everything before it is stopped. */
export function promisesOf({ session, messageId }: AskedCommand, { shownIn }: Case): ShownMessage[] {
  return (shownIn.get(session) ?? [])
    .map(({ message }) => message)
    .filter(({ replyTo, text }) => replyTo === messageId && !text.includes(NOT_STOPPED));
}

/** @returns how many messages it says that it dropped. */
export function droppedBy(stop: AskedCommand, file: Case): number {
  const counts = promisesOf(stop, file).map(({ text }) => {
    const said = DROPPED.exec(text);
    return said === null ? 0 : Number(said[1] ?? 1);
  });
  return Math.max(0, ...counts);
}

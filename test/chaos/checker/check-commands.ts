import type { AskedCommand, AskedQuestion } from '../evidence/evidence.ts';
import { type Case, messageKey, type Report } from './verdict.ts';

/** Every command is answered once; a further answer is excused only when nobody could know that it had been sent. */
export function checkCommands(file: Case, report: Report): void {
  for (const { session, messageId, command } of file.commands) {
    const answers = (file.shownIn.get(session) ?? []).filter(({ message }) => message.replyTo === messageId);
    const known = answers.filter(({ message }) => !file.undecidable.has(messageKey(message)));
    const name = `/${command} ${messageId}`;
    if (answers.length === 0) report('answered exactly once', name, 'the command is not answered');
    if (known.length > 1) report('answered exactly once', name, 'the command is answered more than once');
  }
}

/** @returns the questions of one session in its conversations: each `/new` begins the next one. */
export function conversationsOf(
  session: readonly AskedQuestion[],
  commands: readonly AskedCommand[],
): AskedQuestion[][] {
  const begins = commands.filter(
    (one) => one.command === 'new' && one.session === session[0]?.session && one.takenAtMs < Infinity,
  );
  const before = ({ takenAtMs }: AskedQuestion): number =>
    begins.filter((begin) => begin.takenAtMs < takenAtMs).length;
  return [...Map.groupBy(session, before).values()];
}

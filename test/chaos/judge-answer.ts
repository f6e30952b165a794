import type { AskedQuestion, ShownMessage } from './evidence.ts';
import { type Mark, marksIn } from './marks.ts';
import { isFor } from './undecidable.ts';
import type { Case, Outcome, Report } from './verdict.ts';

/** What the user reads of an answer that the session does not know. */
const NOT_SAVED = 'could not be saved';

interface Answering {
  readonly message: ShownMessage;
  readonly marks: readonly Mark[];
}

/** Judges what the question's chat shows of an answer to it. */
export function judgeAnswer(question: AskedQuestion, file: Case, report: Report): Outcome {
  const { token, session } = question;
  const inSession = file.shown.filter((message) => message.session === session);
  const answering = inSession.flatMap((message): Answering[] => {
    const marks = marksIn(message.text).filter((mark) => mark.token === token);
    return marks.length > 0 ? [{ message, marks }] : [];
  });
  // One sentence for all that were asked together, below any of them.
  const asking = new Set(file.companions.get(token)?.map(({ messageId }) => messageId));
  const notices = inSession.filter(
    ({ replyTo, text }) => replyTo !== undefined && asking.has(replyTo) && marksIn(text).length === 0,
  );
  const isUnsaved = answering.some(({ message }) => message.text.includes(NOT_SAVED));
  if (answering.length === 0 && notices.length > 0) {
    excuse(question, notices.length - 1, file, report);
    return { kind: 'told', run: undefined, isUnsaved };
  }
  const run = wholeRun(answering);
  if (run === undefined) {
    report('answered exactly once', token, answering.length === 0 ? 'there is no answer' : 'half an answer');
    return { kind: 'missing', run, isUnsaved };
  }
  const surplus = surplusOf(answering, run) + notices.length;
  excuse(question, surplus, file, report);
  return { kind: surplus === 0 ? 'once' : 'double', run, isUnsaved };
}

/** @returns the last run whose answer is shown from its first part to its last. */
function wholeRun(answering: readonly Answering[]): string | undefined {
  const marks = answering.flatMap((one) => one.marks);
  const runs = [...new Set(marks.map(({ run }) => run))].reverse();
  return runs.find((run) => {
    const own = marks.filter((mark) => mark.run === run);
    return partsOf(own).every((wanted) => own.some(({ part }) => part === wanted));
  });
}

function partsOf(marks: readonly Mark[]): number[] {
  return Array.from({ length: marks[0]?.parts ?? 0 }, (_, index) => index + 1);
}

/** @returns how many messages there are beside those that show the run once; one more when even these show something twice. */
function surplusOf(answering: readonly Answering[], run: string): number {
  const shows = ({ marks }: Answering, part: number): boolean =>
    marks.some((mark) => mark.run === run && mark.part === part);
  const parts = partsOf(answering.flatMap(({ marks }) => marks.filter((mark) => mark.run === run)));
  const needed = new Set(parts.map((part) => answering.findLast((one) => shows(one, part))));
  const shown = [...needed].reduce((sum, one) => sum + (one?.marks.length ?? 0), 0);
  return answering.length - needed.size + (shown > parts.length ? 1 : 0);
}

/** A message too much is nobody's fault only when its sender could not know that it had been sent. */
function excuse(question: AskedQuestion, surplus: number, file: Case, report: Report): void {
  if (surplus === 0) return;
  const asked = file.companions.get(question.token) ?? [question];
  const undecidable = file.undecidable.filter((call) => isFor(call, asked)).length;
  if (surplus <= undecidable) return;
  const what = `${surplus} messages too many, and ${undecidable} sends were undecidable`;
  report('answered exactly once', question.token, what);
}

import type { AskedQuestion, ShownMessage } from '../evidence/evidence.ts';
import type { Mark } from '../evidence/marks.ts';
import { saysStopped, stopsOf } from './stops/stopped.ts';
import { type Case, messageKey, type Outcome, type Report } from './verdict.ts';

/** What the user reads of an answer that the session does not know. */
const NOT_SAVED = 'could not be saved';
/** And below the parts of one that could not be ended. */
const GIVEN_UP = 'It was put aside';

interface Answering {
  readonly message: ShownMessage;
  readonly marks: readonly Mark[];
}

/** What the user reads when the answer has to wait for the model or a store. */
const NOT_YET = 'Not yet: ';

/** Judges what the question's chat shows of an answer to it. */
export function judgeAnswer(question: AskedQuestion, file: Case, report: Report): Outcome {
  const notices = noticesOn(question, file);
  const waits = notices.filter(({ text }) => text.startsWith(NOT_YET));
  // That an answer is late is said beside it, and once.
  if (waits.filter((message) => !file.undecidable.has(messageKey(message))).length > 1)
    report('answered exactly once', question.token, 'it was told to wait more than once');
  const outcome = judge(question, { notices: notices.filter((one) => !waits.includes(one)), file, report });
  return waits.length === 0 ? outcome : { ...outcome, isPutOff: true };
}

/** @returns the sentences below the question, or below one that was asked together with it. */
function noticesOn({ token, session }: AskedQuestion, file: Case): ShownMessage[] {
  // One sentence for all that were asked together, below any of them.
  const asking = new Set(file.companions.get(token)?.map(({ messageId }) => messageId));
  return (file.shownIn.get(session) ?? [])
    .filter(
      ({ message: { replyTo, isDocument }, marks }) =>
        replyTo !== undefined && asking.has(replyTo) && marks.length === 0 && isDocument !== true,
    )
    .map(({ message }) => message);
}

function judge(
  question: AskedQuestion,
  {
    notices,
    file,
    report,
  }: { readonly notices: readonly ShownMessage[]; readonly file: Case; readonly report: Report },
): Outcome {
  const { token, session } = question;
  const inSession = file.shownIn.get(session) ?? [];
  const answering = inSession.flatMap(({ message, marks }): Answering[] => {
    const own = marks.filter((mark) => mark.token === token);
    return own.length > 0 ? [{ message, marks: own }] : [];
  });
  const isUnsaved = answering.some(({ message }) => message.text.includes(NOT_SAVED));
  const isKnown = (message: ShownMessage): boolean => !file.undecidable.has(messageKey(message));
  const run = wholeRun(answering);
  // What is there of an answer, or all of it, may be a copy that nobody could know of; then the user was told, or stopped it.
  const known = notices.find(isKnown);
  const isAnswerKnown = answering.some(({ message }) => isKnown(message));
  if (!isAnswerKnown && (known !== undefined || (run === undefined && notices.length > 0))) {
    const told = known ?? notices[0];
    const beside = [...answering.map(({ message }) => message), ...notices.filter((one) => one !== told)];
    const excused = excuse(token, { surplus: beside, isKnown, report });
    const isStopped = told !== undefined && saysStopped(told) && stopsOf(question, file).length > 0;
    return { kind: isStopped ? 'stopped' : 'told', run, excused, isUnsaved };
  }
  const stopped = run === undefined && stopsOf(question, file).length > 0;
  if (stopped && answering.length === 0)
    return { kind: 'stopped', run, excused: [], isUnsaved, isDropped: true };
  if (stopped && isBegun(answering) && answering.some(({ message }) => saysStopped(message)))
    return { kind: 'stopped', run, excused: [], isUnsaved };
  if (run === undefined && isBrokenOff(answering)) return { kind: 'told', run, excused: [], isUnsaved };
  if (run === undefined) {
    report('answered exactly once', token, answering.length === 0 ? 'there is no answer' : 'half an answer');
    return { kind: 'missing', run, excused: [], isUnsaved };
  }
  const needed = neededOf(answering, run, isKnown);
  const surplus = [...answering.filter((one) => !needed.has(one)).map(({ message }) => message), ...notices];
  const excused = excuse(token, { surplus, isKnown, report });
  if (saysTwice(needed, run)) report('answered exactly once', token, 'one message says a part of it twice');
  return { kind: surplus.length === 0 ? 'once' : 'double', run, excused, isUnsaved };
}

/** Parts of one answer from its first on, each shown once. */
function isBegun(answering: readonly Answering[]): boolean {
  const parts = answering.flatMap(({ marks }) => marks);
  return parts.every(({ run, part }, index) => run === parts[0]?.run && part === index + 1);
}

/** Below the last of them is the sentence that there will be no more. */
function isBrokenOff(answering: readonly Answering[]): boolean {
  return isBegun(answering) && (answering.at(-1)?.message.text.includes(GIVEN_UP) ?? false);
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

/** @returns the messages that show the run once, those first whose senders knew that they had sent them. */
function neededOf(
  answering: readonly Answering[],
  run: string,
  isKnown: (message: ShownMessage) => boolean,
): ReadonlySet<Answering> {
  const shows = ({ marks }: Answering, part: number): boolean =>
    marks.some((mark) => mark.run === run && mark.part === part);
  const parts = partsOf(answering.flatMap(({ marks }) => marks.filter((mark) => mark.run === run)));
  return new Set(
    parts.flatMap((part) => {
      const showing = answering.filter((one) => shows(one, part));
      return showing.findLast(({ message }) => isKnown(message)) ?? showing.at(-1) ?? [];
    }),
  );
}

/** Messages that show a run once may still say a part of it twice, or a part of another one. */
function saysTwice(needed: ReadonlySet<Answering>, run: string): boolean {
  const marks = [...needed].flatMap((one) => one.marks);
  return new Set(marks.filter((mark) => mark.run === run).map(({ part }) => part)).size < marks.length;
}

/**
 * A message too much is nobody's fault only when it is one whose own sender could not know that it had been sent.
 * @returns those; the others are reported.
 */
function excuse(
  token: string,
  {
    surplus,
    isKnown,
    report,
  }: {
    readonly surplus: readonly ShownMessage[];
    readonly isKnown: (message: ShownMessage) => boolean;
    readonly report: Report;
  },
): ShownMessage[] {
  const known = surplus.filter(isKnown).map(({ messageId }) => messageId);
  if (known.length > 0)
    report('answered exactly once', token, `too many, and their sender knew of them: ${known.join(' ')}`);
  return surplus.filter((message) => !isKnown(message));
}

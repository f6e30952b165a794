import { askedTogether } from '../evidence/asked-together.ts';
import { checkCommands, conversationsOf } from './check-commands.ts';
import { checkDocuments } from './check-documents.ts';
import { checkExplained } from './check-explained.ts';
import { checkMarks } from './left-marks.ts';
import { checkContext, checkWriters } from './check-requests.ts';
import { checkOrder } from './check-order.ts';
import { coveredMs } from '../evidence/absences.ts';
import type { AskedQuestion, Evidence, TelegramCall } from '../evidence/evidence.ts';
import { judgeAnswer } from './judge-answer.ts';
import { marksIn } from '../evidence/marks.ts';
import { checkStops } from './stops/check-stops.ts';
import { undecidableSends } from '../evidence/undecidable.ts';
import { type Case, messageKey, type Outcome, type Report, type Verdict, type Violation } from './verdict.ts';

/** Judges a run by what Telegram and the model saw, and by nothing else. */
export function check(evidence: Evidence): Verdict {
  const violations: Violation[] = [];
  const report: Report = (rule, token, what) => {
    violations.push({ rule, token, what });
  };
  const file = openCase(evidence);
  const outcomes = new Map<string, Outcome>();
  for (const question of evidence.questions)
    outcomes.set(question.token, judgeAnswer(question, file, report));
  checkMerged(file, outcomes, report);
  checkExplained(file, outcomes, report);
  checkMarks(file, report);
  checkStops(file, outcomes, report);
  checkCommands(file, report);
  checkDocuments(file, outcomes, report);
  const excused = new Set([...outcomes.values()].flatMap((outcome) => outcome.excused));
  for (const questions of bySession(evidence.questions)) {
    checkOrder(questions, { case: file, excused, report });
    for (const conversation of conversationsOf(questions, evidence.commands))
      checkContext(conversation, { file, outcomes, report });
    checkWriters(questions, evidence.requests, report);
    for (const { question, waitedMs } of waits(questions, file, outcomes))
      if (waitedMs > evidence.stuckMs) report('nothing stuck', question.token, `it waited ${waitedMs} ms`);
  }
  return { violations, outcomes };
}

export function openCase(evidence: Evidence): Case {
  const shown = evidence.shown.map((message) => ({ message, marks: marksIn(message.text) }));
  return {
    ...evidence,
    companions: askedTogether(evidence),
    inOrder: new Map(bySession(evidence.questions).map((session) => [session[0]?.session ?? '', session])),
    callsIn: Map.groupBy(evidence.calls, ({ session }) => session),
    shownIn: Map.groupBy(shown, ({ message }) => message.session),
    undecidable: new Map(
      Array.from(undecidableSends(evidence), ([call, cause]) => [messageKey(call), cause]),
    ),
  };
}

/** @returns the questions of each session in the order in which they were taken over: the system cannot know another one. */
export function bySession(questions: readonly AskedQuestion[]): AskedQuestion[][] {
  const inOrder = questions.toSorted((one, two) => one.takenAtMs - two.takenAtMs || one.atMs - two.atMs);
  return [...Map.groupBy(inOrder, ({ session }) => session).values()];
}

/** What was asked together is answered together. */
function checkMerged({ requests }: Evidence, outcomes: ReadonlyMap<string, Outcome>, report: Report): void {
  for (const { tokens, run } of requests) {
    const isShown = (token: string): boolean => outcomes.get(token)?.run === run;
    if (!tokens.some(isShown)) continue;
    for (const token of tokens.filter((one) => !isShown(one)))
      report('answered exactly once', token, `${run} answers ${tokens.join(' ')} together, and not this one`);
  }
}

/** @returns how long each question of a session was answered after it had been its turn, as far as it was; the time without one of the tiers does not count. */
export function waits(
  session: readonly AskedQuestion[],
  file: Case,
  outcomes: ReadonlyMap<string, Outcome>,
): { question: AskedQuestion; endedAtMs: number; waitedMs: number }[] {
  let freeAtMs = 0;
  const calls = file.callsIn.get(session[0]?.session ?? '')?.filter((call) => call.isCarriedOut) ?? [];
  return session.flatMap((question) => {
    const endedAtMs = answeredAtMs(question, { outcome: outcomes.get(question.token), calls, case: file });
    if (endedAtMs === undefined) return [];
    const span = { fromMs: Math.max(freeAtMs, question.atMs), untilMs: endedAtMs };
    const waitedMs = endedAtMs - span.fromMs - coveredMs(file.absences, span);
    freeAtMs = endedAtMs;
    return [{ question, endedAtMs, waitedMs }];
  });
}

/** @returns when the whole answer, or the sentence instead of it, was first shown; undefined when it never was. */
function answeredAtMs(
  { token }: AskedQuestion,
  {
    outcome,
    calls,
    case: { companions },
  }: { readonly outcome: Outcome | undefined; readonly calls: readonly TelegramCall[]; readonly case: Case },
): number | undefined {
  const messageIds = companions.get(token)?.map(({ messageId }) => messageId) ?? [];
  return calls.find((call) => {
    if (outcome?.run === undefined)
      return (
        call.method === 'sendMessage' &&
        call.replyTo !== undefined &&
        messageIds.includes(call.replyTo) &&
        call.marks.length === 0
      );
    return call.marks.some(
      (mark) => mark.token === token && mark.run === outcome.run && mark.part === mark.parts,
    );
  })?.atMs;
}

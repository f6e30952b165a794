import type { AskedQuestion, Evidence, ModelAsked } from './evidence.ts';
import { type Mark, marksIn } from './marks.ts';
import { undecidableSends } from './undecidable.ts';

/** No question may wait longer once it is its turn, in ms. */
export const STUCK_LIMIT_MS = 30_000;

export type Rule = 'answered exactly once' | 'order' | 'one writer' | 'context' | 'nothing stuck';

export interface Violation {
  readonly rule: Rule;
  readonly token: string;
  readonly what: string;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  /** By token: how it was answered. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

export interface Outcome {
  /** `told`: the user got a sentence instead of an answer; `double`: more than once, because a send was undecidable. */
  readonly kind: 'once' | 'double' | 'told' | 'missing';
  /** The run whose answer is shown. */
  readonly run: string | undefined;
  /** The answer's own words say that it could not be saved. */
  readonly isUnsaved: boolean;
}

/** What the user reads of an answer that the session does not know. */
const NOT_SAVED = 'could not be saved';

/** Judges a run by what Telegram and the model saw, and by nothing else. */
export function check(evidence: Evidence): Verdict {
  const violations: Violation[] = [];
  const report = (rule: Rule, token: string, what: string): void => {
    violations.push({ rule, token, what });
  };
  const outcomes = new Map<string, Outcome>();
  for (const question of evidence.questions)
    outcomes.set(question.token, judgeAnswer(question, evidence, report));
  for (const session of bySession(evidence.questions)) {
    checkOrder(session, evidence, report);
    checkContext(session, evidence.requests, outcomes, report);
    checkWriters(session, evidence.requests, report);
    checkWaiting(session, evidence, outcomes, report);
  }
  return { violations, outcomes };
}

type Report = (rule: Rule, token: string, what: string) => void;

function judgeAnswer(question: AskedQuestion, evidence: Evidence, report: Report): Outcome {
  const { token, chatId, messageId } = question;
  const inChat = evidence.shown.filter((message) => message.chatId === chatId);
  const answers = inChat.flatMap(({ text }) => marksIn(text)).filter((mark) => mark.token === token);
  const notices = inChat.filter(({ replyTo, text }) => replyTo === messageId && marksIn(text).length === 0);
  const isUnsaved = inChat.some(
    ({ text }) => text.includes(NOT_SAVED) && marksIn(text).some((mark) => mark.token === token),
  );
  const run = wholeRun(answers);
  const surplus = answers.length - (run === undefined ? 0 : (answers[0]?.parts ?? 0)) + notices.length;
  if (run === undefined && answers.length === 0 && notices.length > 0) {
    excuse(question, notices.length - 1, evidence, report);
    return { kind: 'told', run, isUnsaved };
  }
  if (run === undefined) {
    report('answered exactly once', token, answers.length === 0 ? 'there is no answer' : 'half an answer');
    return { kind: 'missing', run, isUnsaved };
  }
  excuse(question, surplus, evidence, report);
  return { kind: surplus === 0 ? 'once' : 'double', run, isUnsaved };
}

/** @returns the last run whose answer is shown from its first part to its last. */
function wholeRun(answers: readonly Mark[]): string | undefined {
  const runs = [...new Set(answers.map(({ run }) => run))].reverse();
  return runs.find((run) => {
    const parts = answers.filter((mark) => mark.run === run);
    return Array.from({ length: parts[0]?.parts ?? 0 }, (_, index) => index + 1).every((wanted) =>
      parts.some(({ part }) => part === wanted),
    );
  });
}

/** A message too much is nobody's fault only when its sender could not know whether it had been sent. */
function excuse(question: AskedQuestion, surplus: number, evidence: Evidence, report: Report): void {
  if (surplus === 0) return;
  const undecidable = undecidableSends(question, evidence);
  if (undecidable > 0) return;
  report('answered exactly once', question.token, `${surplus} parts too many, and every send was decidable`);
}

function bySession(questions: readonly AskedQuestion[]): AskedQuestion[][] {
  return [...Map.groupBy(questions, ({ chatId }) => chatId).values()];
}

function checkOrder(session: readonly AskedQuestion[], evidence: Evidence, report: Report): void {
  const [first] = session;
  const marks = evidence.shown
    .filter(({ chatId }) => chatId === first?.chatId)
    .flatMap(({ text }) => marksIn(text));
  let latest = { position: -1, part: 0 };
  for (const { token, part } of marks) {
    const position = session.findIndex((one) => one.token === token);
    const question = session[position];
    // A part that was sent again because nobody could know of the first copy stands where it can.
    const isAgain = question !== undefined && undecidableSends(question, evidence) > 0;
    if (!question) report('order', token, 'it is answered in the wrong chat');
    else if (position < latest.position && !isAgain)
      report('order', token, 'its answer stands below that of a later question');
    else if (position === latest.position && part < latest.part && part !== 1 && !isAgain)
      report('order', token, `part ${part} stands below part ${latest.part}`);
    if (position >= latest.position) latest = { position, part };
  }
}

function checkContext(
  session: readonly AskedQuestion[],
  requests: readonly ModelAsked[],
  outcomes: ReadonlyMap<string, Outcome>,
  report: Report,
): void {
  const order = session.map(({ token }) => token);
  for (const { token, history } of requests.filter((request) => order.includes(request.token))) {
    const known = history.map((turn) => turn.token);
    if (new Set([...known, token]).size !== known.length + 1)
      report('context', token, `a question is in its context twice: ${[...known, token].join(' ')}`);
    const places = known.map((one) => order.indexOf(one));
    if (places.some((place, index) => place < (places[index - 1] ?? 0)))
      report('context', token, `its context is out of order: ${known.join(' ')}`);
    for (const earlier of order.slice(0, order.indexOf(token))) {
      const outcome = outcomes.get(earlier);
      if (outcome?.run === undefined || outcome.isUnsaved) continue;
      const turn = history.find((one) => one.token === earlier);
      if (turn === undefined) report('context', token, `its context skips ${earlier}`);
      else if (turn.run !== outcome.run)
        report('context', token, `of ${earlier} it knows another answer than the user`);
    }
  }
}

/** A session's turns follow one another: while the model works on one question, nobody asks it another one of the same session. */
function checkWriters(
  session: readonly AskedQuestion[],
  requests: readonly ModelAsked[],
  report: Report,
): void {
  const tokens = new Set(session.map(({ token }) => token));
  const own = requests.filter(({ token }) => tokens.has(token)).sort((one, two) => one.atMs - two.atMs);
  for (const [index, request] of own.entries()) {
    const other = own.slice(index + 1).find(({ token, atMs }) => {
      return token !== request.token && atMs < request.endedAtMs;
    });
    if (other) report('one writer', other.token, `it ran beside ${request.token} of the same session`);
  }
}

function checkWaiting(
  session: readonly AskedQuestion[],
  evidence: Evidence,
  outcomes: ReadonlyMap<string, Outcome>,
  report: Report,
): void {
  let freeAtMs = 0;
  for (const question of session) {
    const endedAtMs = answeredAtMs(question, outcomes.get(question.token), evidence);
    if (endedAtMs === undefined) continue;
    const waitedMs = endedAtMs - Math.max(freeAtMs, question.atMs);
    if (waitedMs > STUCK_LIMIT_MS) report('nothing stuck', question.token, `it waited ${waitedMs} ms`);
    freeAtMs = endedAtMs;
  }
}

/** @returns when the whole answer, or the sentence instead of it, was first shown; undefined when it never was. */
export function answeredAtMs(
  { chatId, messageId, token }: AskedQuestion,
  outcome: Outcome | undefined,
  { calls }: Evidence,
): number | undefined {
  return calls.find((call) => {
    if (!call.isCarriedOut || call.chatId !== chatId) return false;
    if (outcome?.run === undefined) return call.replyTo === messageId && call.marks.length === 0;
    return call.marks.some(
      (mark) => mark.token === token && mark.run === outcome.run && mark.part === mark.parts,
    );
  })?.atMs;
}

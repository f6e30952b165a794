import type { AskedQuestion } from '../evidence/evidence.ts';
import { hasAgentFailed, storesFailed, triesLost, wasDiskFull } from './harm-to.ts';
import type { Case, Outcome, Report } from './verdict.ts';

/** A turn is given up after so many tries, so each of them has to have met a harm of its own. */
const TRIES = 3;
/** Whatever each of them met: the system is to bear this much harm, but for such a part of the turns, and for so many in a small run. */
const EXCUSED = { share: 0.01, atLeast: 3 };

type Outcomes = ReadonlyMap<string, Outcome>;

/** Given up and not saved is only what harm explains that was really done to the work on it, and little of it. */
export function checkExplained(file: Case, outcomes: Outcomes, report: Report): void {
  const allowed = Math.max(EXCUSED.atLeast, Math.ceil(file.questions.length * EXCUSED.share));
  const told = file.questions.filter(({ token }) => outcomes.get(token)?.kind === 'told');
  const putOff = file.questions.filter(({ token }) => outcomes.get(token)?.isPutOff);
  const unsaved = file.questions.filter(({ token }) => outcomes.get(token)?.isUnsaved);
  for (const question of told) {
    const lost = triesLost(spanOf(question, file), file);
    if (lost < TRIES)
      report('explained', question.token, `it was given up, and only ${lost} of ${TRIES} tries met a harm`);
  }
  for (const question of putOff) {
    const hasFailed = [hasModelFailed, hasStoreFailed].some((has) => has(question, file));
    if (!hasFailed && !hasAgentFailed(spanOf(question, file), file))
      report('explained', question.token, 'it was told to wait, and no model, agent server or store failed');
  }
  for (const question of unsaved) {
    if (!hasStoreFailed(question, file))
      report('explained', question.token, 'it was not saved, and no store failed');
  }
  for (const [what, questions] of [
    ['given up', told],
    ['not saved', unsaved],
  ] as const) {
    const together = groupsOf(questions, file);
    for (const question of together.slice(allowed))
      report(
        'explained',
        question.token,
        `one of ${together.length} that were ${what}; up to ${allowed} may be`,
      );
  }
}

function hasStoreFailed(question: AskedQuestion, file: Case): boolean {
  const span = spanOf(question, file);
  return storesFailed(span, file) > 0 || wasDiskFull(span, file);
}

function hasModelFailed({ token }: AskedQuestion, { companions, modelFailures }: Case): boolean {
  const together = new Set(companions.get(token)?.map((one) => one.token));
  return modelFailures.some(({ tokens }) => tokens.some((one) => together.has(one)));
}

/** @returns one question of each group that was asked together. */
function groupsOf(questions: readonly AskedQuestion[], { companions }: Case): AskedQuestion[] {
  const counted = new Set<string>();
  return questions.filter(({ token }) => {
    const isCounted = counted.has(token);
    for (const one of companions.get(token) ?? []) counted.add(one.token);
    return !isCounted;
  });
}

/** From when the first of those that were asked together was taken over until the last of what answers them was said. */
function spanOf(
  question: AskedQuestion,
  { companions, callsIn }: Case,
): { session: string; fromMs: number; untilMs: number } {
  const { session, token } = question;
  const asked = companions.get(token) ?? [question];
  const messageIds = new Set(asked.map(({ messageId }) => messageId));
  const carriedOut = (callsIn.get(session) ?? []).filter(({ isCarriedOut }) => isCarriedOut);
  const saying = carriedOut.filter(
    ({ replyTo, marks }) =>
      (replyTo !== undefined && messageIds.has(replyTo)) || marks.some((mark) => mark.token === token),
  );
  // What was said may be changed later, as when a part of an answer gives way to the word that there is none.
  const said = new Set(saying.map(({ messageId }) => messageId));
  const telling = carriedOut.filter(({ messageId }) => messageId !== undefined && said.has(messageId));
  return {
    session,
    fromMs: Math.min(...asked.map(({ takenAtMs }) => takenAtMs)),
    untilMs: Math.max(...telling.map(({ atMs }) => atMs), 0),
  };
}

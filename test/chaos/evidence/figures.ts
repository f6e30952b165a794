import { bySession, openCase, waits } from '../checker/checker.ts';
import type { Evidence } from './evidence.ts';
import { leftMarks } from '../checker/left-marks.ts';
import type { UndecidableCause } from './undecidable.ts';
import { messageKey, type Verdict } from '../checker/verdict.ts';

const CAUSES: readonly UndecidableCause[] = ['answer lost', 'sender killed', 'sender frozen', 'disk full'];

/** @returns the run in figures, one a line: what it is and how much. Times are in ms. */
export function figures(evidence: Evidence, { outcomes }: Verdict): [string, number][] {
  const { questions, requests, calls } = evidence;
  const file = openCase(evidence);
  const answers = [...outcomes.values()];
  const count = (kind: string): number => answers.filter((one) => one.kind === kind).length;
  const ends = bySession(questions).flatMap((session) => waits(session, file, outcomes));
  const latencies = ends
    .map(({ question, endedAtMs }) => endedAtMs - question.atMs)
    .sort((one, two) => one - two);
  const percentile = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  const doubledBy = (cause: UndecidableCause): number =>
    answers.filter(
      ({ kind, excused }) =>
        kind === 'double' && excused.some((one) => file.undecidable.get(messageKey(one)) === cause),
    ).length;
  return [
    ['turns', questions.length],
    ['answered exactly once', count('once')],
    ['answered together with others', mergedIn(evidence, outcomes)],
    ['doubled by an undecidable send', count('double')],
    ...CAUSES.map((cause): [string, number] => [`  because of: ${cause}`, doubledBy(cause)]),
    ['given up, and the user told', count('told')],
    ['told to wait', answers.filter((one) => one.isPutOff).length],
    ['stopped', count('stopped')],
    ['  dropped by the stop', answers.filter((one) => one.isDropped).length],
    ['not answered', count('missing')],
    ['undecidable sends', file.undecidable.size],
    ['answers not saved, and the user told', answers.filter((one) => one.isUnsaved).length],
    ['files sent', evidence.shown.filter(({ isDocument }) => isDocument).length],
    ['calls to Telegram', calls.length],
    ['requests to the model', requests.length],
    ['requests to go on after a pause', requests.length - new Set(requests.map(({ run }) => run)).size],
    ['reactions set to what waits', calls.filter((call) => call.reaction?.isSet).length],
    ['reactions left in the end', leftMarks(file).length],
    ['latency p50 in ms', percentile(0.5)],
    ['latency p95 in ms', percentile(0.95)],
    ['longest wait for a turn in ms', Math.max(0, ...ends.map(({ waitedMs }) => waitedMs))],
  ];
}

/** @returns how many questions are answered by a run that answers several. */
function mergedIn({ requests }: Evidence, outcomes: Verdict['outcomes']): number {
  const merging = new Set(requests.flatMap(({ tokens, run }) => (tokens.length > 1 ? [run] : [])));
  return [...outcomes.values()].filter(({ run }) => run !== undefined && merging.has(run)).length;
}

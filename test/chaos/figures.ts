import { answeredAtMs, type Verdict } from './checker.ts';
import type { Evidence } from './evidence.ts';
import { undecidableSends } from './undecidable.ts';

/** @returns the run in figures, one a line: what it is and how much. Times are in ms. */
export function figures(evidence: Evidence, { outcomes }: Verdict): [string, number][] {
  const count = (kind: string): number => [...outcomes.values()].filter((one) => one.kind === kind).length;
  const latencies: number[] = [];
  let longestMs = 0;
  for (const session of Map.groupBy(evidence.questions, ({ chatId }) => chatId).values()) {
    let freeAtMs = 0;
    for (const question of session) {
      const atMs = answeredAtMs(question, outcomes.get(question.token), evidence);
      if (atMs === undefined) continue;
      latencies.push(atMs - question.atMs);
      longestMs = Math.max(longestMs, atMs - Math.max(freeAtMs, question.atMs));
      freeAtMs = atMs;
    }
  }
  latencies.sort((one, two) => one - two);
  const percentile = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return [
    ['turns', evidence.questions.length],
    ['answered exactly once', count('once')],
    ['doubled by an undecidable send', count('double')],
    ['given up, and the user told', count('told')],
    ['not answered', count('missing')],
    ['undecidable sends', evidence.questions.reduce((sum, one) => sum + undecidableSends(one, evidence), 0)],
    ['answers not saved, and the user told', [...outcomes.values()].filter((one) => one.isUnsaved).length],
    ['calls to Telegram', evidence.calls.length],
    ['requests to the model', evidence.requests.length],
    ['kills', evidence.blows.filter(({ kind }) => kind === 'kill').length],
    ['freezes', evidence.blows.filter(({ kind }) => kind === 'freeze').length],
    ['latency p50 in ms', percentile(0.5)],
    ['latency p95 in ms', percentile(0.95)],
    ['longest wait for a turn in ms', longestMs],
  ];
}

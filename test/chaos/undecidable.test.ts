import { expect, it } from 'vitest';
import { check } from './checker.ts';
import { answerText, brokenOf, figure, sendOf, shown, soundRun, WORKER } from './evidence.fixture.ts';
import type { Rule } from './verdict.ts';

const TOKENS = ['a', 'b', 'c'];
const broken = brokenOf(() => soundRun(TOKENS));

it('a second copy is excused when the answer to a send was lost, and counted apart', () => {
  const run = soundRun(TOKENS);
  run.shown.push(shown(answerText('c', 'run_of_c'), 32, 30));
  run.calls.push({ ...sendOf(answerText('c', 'run_of_c'), 30, 3_400), isAnswerLost: true });
  expect(check(run).violations).toEqual([]);
  expect(figure(run, 'doubled by an undecidable send')).toBe(1);
  expect(figure(run, 'undecidable sends')).toBe(1);
});

it('a second copy is excused when its sender was killed while it sent, and not when another process was', () => {
  const doubled = (process: string, atMs: number): [Rule, string][] =>
    broken((run) => {
      run.shown.push(shown(answerText('c', 'run_of_c'), 32, 30));
      run.blows.push({ kind: 'kill', process, atMs, untilMs: Infinity });
    });
  const sentAtMs = 3_300;
  expect(doubled(WORKER, sentAtMs + 5)).toEqual([]);
  expect(doubled('worker-2#1', sentAtMs + 5)).toEqual([['answered exactly once', 'c']]);
  expect(doubled(WORKER, sentAtMs + 60_000)).toEqual([['answered exactly once', 'c']]);
});

it('a sender that waits for the ledger of a frozen worker may still be cut short', () => {
  const run = soundRun(TOKENS);
  run.shown.push(shown(answerText('c', 'run_of_c'), 32, 30));
  run.blows.push({ kind: 'kill', process: WORKER, atMs: 6_000, untilMs: Infinity });
  expect(check(run).violations).toMatchObject([{ rule: 'answered exactly once', token: 'c' }]);
  const frozen = (process: string): void =>
    void run.blows.push({ kind: 'freeze', process, atMs: 3_200, untilMs: 6_500 });
  frozen('agent-1#1');
  expect(check(run).violations).toMatchObject([{ rule: 'answered exactly once', token: 'c' }]);
  frozen('worker-2#1');
  expect(check(run).violations).toEqual([]);
});

it('one undecidable send excuses one message too many, and no second one', () => {
  const rules = broken((run) => {
    for (const messageId of [32, 33]) run.shown.push(shown(answerText('c', 'run_of_c'), messageId, 30));
    run.calls.push({ ...sendOf(answerText('c', 'run_of_c'), 30, 3_400), isAnswerLost: true });
  });
  expect(rules).toEqual([['answered exactly once', 'c']]);
});

it('a call that a process was making when it was frozen goes out when it wakes; a later one it should not have made', () => {
  const doubledAfterWaking = (ms: number): [Rule, string][] =>
    broken((run) => {
      run.shown.push(shown(answerText('c', 'run_of_c'), 32, 30));
      run.calls.push({ ...sendOf(answerText('c', 'run_of_c'), 30, 60_000 + ms), sender: 'worker-2#1' });
      run.blows.push({ kind: 'freeze', process: 'worker-2#1', atMs: 50_000, untilMs: 60_000 });
    });
  expect(doubledAfterWaking(20)).toEqual([]);
  expect(doubledAfterWaking(1_000)).toEqual([['answered exactly once', 'c']]);
});

it('a sender that made another call since then did not wait for the ledger', () => {
  const rules = broken((run) => {
    run.shown.push(shown(answerText('c', 'run_of_c'), 32, 30));
    run.calls.push({ ...sendOf('', 30, 5_000), method: 'setMessageReaction', replyTo: undefined });
    run.blows.push({ kind: 'kill', process: WORKER, atMs: 6_000, untilMs: Infinity });
    run.blows.push({ kind: 'freeze', process: 'worker-2#1', atMs: 3_200, untilMs: 6_500 });
  });
  expect(rules).toEqual([['answered exactly once', 'c']]);
});

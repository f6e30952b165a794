import { expect, it } from 'vitest';
import { check } from '../checker/checker.ts';
import {
  answerText,
  at,
  brokenOf,
  type Draft,
  figure,
  harm,
  sendOf,
  shown,
  soundRun,
  WORKER,
} from './evidence.fixture.ts';
import type { Rule } from '../checker/verdict.ts';

const TOKENS = ['a', 'b', 'c'];
const broken = brokenOf(() => soundRun(TOKENS));
const OTHER_WORKER = 'worker-2#1';
/** When the sound run sends the answer to `c`. */
const SENT_AT_MS = 3_300;
const DOUBLED: [Rule, string][] = [['answered exactly once', 'c']];

/** `c` is answered once more, by a send of its own. */
function double(run: Draft, send: Partial<Draft['calls'][number]> = {}): void {
  const text = answerText('c', { run: 'run_of_c' });
  run.shown.push(shown(text, 32, 30));
  run.calls.push({ ...sendOf(text, 30, SENT_AT_MS + 2_000), messageId: 32, ...send });
}

it('a second copy is excused when the answer to its send was lost, and counted apart', () => {
  const run = soundRun(TOKENS);
  double(run, { isAnswerLost: true });
  expect(check(run).violations).toEqual([]);
  expect(figure(run, 'doubled by an undecidable send')).toBe(1);
  expect(figure(run, '  because of: answer lost')).toBe(1);
  expect(figure(run, '  because of: sender killed')).toBe(0);
  expect(figure(run, 'undecidable sends')).toBe(1);
});

it('so is it when the answer to the first copy was lost', () => {
  expect(
    broken((run) => {
      double(run);
      run.calls.splice(2, 1, { ...at(run.calls, 2), isAnswerLost: true });
    }),
  ).toEqual([]);
});

it('a send that was lost excuses its own message, and none else below the same question', () => {
  const rules = broken((run) => {
    double(run);
    // Taken away since, as a reply is that another try is to give.
    run.calls.push({ ...sendOf('', 30, 3_100), messageId: 35, isAnswerLost: true });
  });
  expect(rules).toEqual(DOUBLED);
});

it('one undecidable send excuses one message too many, and no second one', () => {
  const rules = broken((run) => {
    double(run, { isAnswerLost: true });
    double(run, { messageId: 33 });
    run.shown.push(shown(answerText('c', { run: 'run_of_c' }), 33, 30));
  });
  expect(rules).toEqual(DOUBLED);
});

it('a sentence beside the answer is excused only when its own send was lost', () => {
  const beside = (isAnswerLost: boolean): [Rule, string][] =>
    broken((run) => {
      run.shown.push(shown('I could not answer.', 32, 30));
      run.calls.push({ ...sendOf('I could not answer.', 30, 4_000), messageId: 32, isAnswerLost });
    });
  expect(beside(true)).toEqual([]);
  expect(beside(false)).toEqual(DOUBLED);
});

it('half an answer beside the sentence that there is none is excused only when its send was lost', () => {
  const half = (isAnswerLost: boolean): [Rule, string][] =>
    broken((run) => {
      harm(run, 3_100);
      run.shown.splice(
        2,
        1,
        shown(answerText('c', { run: 'run_of_c', part: 1, parts: 2 }), 31, 30),
        shown('I could not.', 32, 30),
      );
      run.calls.splice(2, 1, { ...at(run.calls, 2), isAnswerLost });
      run.calls.push({ ...sendOf('', 30, 4_000), messageId: 32 });
    });
  expect(half(true)).toEqual([]);
  expect(half(false)).toEqual(DOUBLED);
});

it('a whole answer beside the sentence that there is none is excused, too, only when its send was lost', () => {
  const whole = (isAnswerLost: boolean): [Rule, string][] =>
    broken((run) => {
      harm(run, 3_100);
      run.shown.push(shown('I could not.', 32, 30));
      run.calls.splice(2, 1, { ...at(run.calls, 2), isAnswerLost });
      run.calls.push({ ...sendOf('', 30, 4_000), messageId: 32 });
    });
  expect(whole(true)).toEqual([]);
  expect(whole(false)).toEqual(DOUBLED);
});

it('a second copy is excused when the sender of the first was killed while it sent, and not when another process was', () => {
  const doubled = (process: string, atMs: number): [Rule, string][] =>
    broken((run) => {
      double(run, { sender: OTHER_WORKER });
      run.blows.push({ kind: 'kill', process, atMs, untilMs: Infinity });
    });
  expect(doubled(WORKER, SENT_AT_MS + 5)).toEqual([]);
  expect(doubled('worker-3#1', SENT_AT_MS + 5)).toEqual(DOUBLED);
  expect(doubled(WORKER, SENT_AT_MS + 60_000)).toEqual(DOUBLED);
});

it('so is it when the disk of the sender was full, and not when its clock was set', () => {
  const doubled = (kind: 'disk full' | 'clock set'): [Rule, string][] =>
    broken((run) => {
      double(run, { sender: OTHER_WORKER });
      run.blows.push({ kind, process: WORKER, atMs: SENT_AT_MS - 500, untilMs: SENT_AT_MS + 500 });
    });
  expect(doubled('disk full')).toEqual([]);
  expect(doubled('clock set')).toEqual(DOUBLED);
});

it('a sender that waits for the ledger of a frozen worker may still be cut short', () => {
  const run = soundRun(TOKENS);
  double(run, { sender: OTHER_WORKER, atMs: 9_000 });
  run.blows.push({ kind: 'kill', process: WORKER, atMs: 6_000, untilMs: Infinity });
  expect(check(run).violations).toMatchObject([{ rule: 'answered exactly once', token: 'c' }]);
  const frozen = (process: string): void =>
    void run.blows.push({ kind: 'freeze', process, atMs: 3_200, untilMs: 6_500 });
  frozen('agent-1#1');
  expect(check(run).violations).toMatchObject([{ rule: 'answered exactly once', token: 'c' }]);
  frozen(OTHER_WORKER);
  expect(check(run).violations).toEqual([]);
});

it('a sender that changed the chat again since then had written the send down', () => {
  const changedIn = (session: string): [Rule, string][] =>
    broken((run) => {
      double(run, { sender: OTHER_WORKER });
      const edit = { ...sendOf('', 30, SENT_AT_MS + 100), method: 'editMessageText', session };
      run.calls.push(edit);
      run.blows.push({ kind: 'kill', process: WORKER, atMs: SENT_AT_MS + 200, untilMs: Infinity });
    });
  expect(changedIn('7:5')).toEqual([]);
  expect(changedIn('7:0')).toEqual(DOUBLED);
});

it('a call that a process was making when it was frozen goes out when it wakes; a later one it should not have made', () => {
  const doubledAfterWaking = (ms: number): [Rule, string][] =>
    broken((run) => {
      double(run, { sender: OTHER_WORKER, atMs: 60_000 + ms });
      run.blows.push({ kind: 'freeze', process: OTHER_WORKER, atMs: 50_000, untilMs: 60_000 });
    });
  expect(doubledAfterWaking(20)).toEqual([]);
  expect(doubledAfterWaking(1_000)).toEqual(DOUBLED);
});

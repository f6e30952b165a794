import { expect, it } from 'vitest';
import {
  askOf,
  brokenOf,
  type Draft,
  figure,
  sendOf,
  SESSION,
  shown,
  soundRun,
} from '../evidence/evidence.fixture.ts';
import { check } from './checker.ts';
import type { Rule } from './verdict.ts';

const broken = brokenOf(() => soundRun(['a', 'b', 'c']));
const NOT_YET = 'Not yet: the model cannot be reached right now. Your message is kept.';

/** The user of `c` was told to wait, and then answered. */
function putOff(run: Draft, times = 1): void {
  for (let index = 0; index < times; index += 1) {
    run.shown.splice(2, 0, shown(NOT_YET, 40 + index, 30));
    run.calls.splice(2, 0, { ...sendOf(NOT_YET, 30, 3_050), messageId: 40 + index });
  }
}

function fail(run: Draft, token = 'c'): void {
  run.modelFailures.push({ tokens: [token], kind: 'refused', atMs: 3_040 });
}

it('Who is told to wait is told once, beside the answer', () => {
  const told = (times: number): [Rule, string][] =>
    broken((run) => {
      fail(run);
      putOff(run, times);
    });
  expect(told(1)).toEqual([]);
  expect(told(2)).toEqual([['answered exactly once', 'c']]);
  const run = soundRun(['a', 'b', 'c']);
  fail(run);
  putOff(run);
  expect(figure(run, 'told to wait')).toBe(1);
});

it('It takes the place of no answer', () => {
  const run = soundRun(['a', 'b', 'c']);
  fail(run);
  putOff(run);
  run.shown.pop();
  expect(check(run).violations).toContainEqual(
    expect.objectContaining({ rule: 'answered exactly once', token: 'c' }),
  );
});

it('Only a failure of the model, of an agent server or of a store explains it', () => {
  const explained = (cause: (run: Draft) => void): [Rule, string][] =>
    broken((run) => {
      cause(run);
      putOff(run);
    });
  expect(explained(() => undefined)).toEqual([['explained', 'c']]);
  expect(explained((run) => fail(run))).toEqual([]);
  expect(explained((run) => fail(run, 'b'))).toEqual([['explained', 'c']]);
  const asked = (ending: 'cut' | 'whole', agent: string | undefined): [Rule, string][] =>
    explained((run) => void run.asks.push({ ...askOf(['c'], 3_020), ending, agent }));
  expect(asked('cut', 'agent-1')).toEqual([]);
  expect(asked('whole', undefined)).toEqual([]);
  expect(asked('whole', 'agent-1')).toEqual([['explained', 'c']]);
  const storeOf = (session: string): [Rule, string][] =>
    explained((run) => void run.storeFailures.push({ session, store: 'table', atMs: 3_020 }));
  expect(storeOf(SESSION)).toEqual([]);
  expect(storeOf('7:5')).toEqual([['explained', 'c']]);
});

it('A model that failed is no reason to give a question up', () => {
  const rules = broken((run) => {
    run.shown.splice(2, 1, shown('I could not answer.', 31, 30));
    run.calls.splice(2, 1, sendOf('I could not answer.', 30, 9_000));
    for (let index = 0; index < 3; index += 1) fail(run);
  });
  expect(rules).toEqual([['explained', 'c']]);
});

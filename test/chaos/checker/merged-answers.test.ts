import { describe, expect, it } from 'vitest';
import type { Rule } from './verdict.ts';
import { check } from './checker.ts';
import {
  answerText,
  askOf,
  at,
  brokenOf,
  type Draft,
  figure,
  harm,
  mergedRun,
  sendOf,
  STUCK_MS,
  shown,
  WORKER,
} from '../evidence/evidence.fixture.ts';

const broken = brokenOf(mergedRun);

it('Questions that one message answers together break no rule', () => {
  const run = mergedRun();
  expect(check(run).violations).toEqual([]);
  expect(figure(run, 'answered exactly once')).toBe(4);
  expect(figure(run, 'answered together with others')).toBe(2);
});

it('One that is answered by itself as well is answered twice', () => {
  const rules = broken(
    (run) => void run.shown.splice(2, 0, shown(answerText('c', { run: 'other' }), 32, 30)),
  );
  expect(rules).toContainEqual(['answered exactly once', 'c']);
});

it('One that the answer to both leaves out is missed', () => {
  const rules = broken(
    (run) => void run.shown.splice(1, 1, shown(answerText('b', { run: 'run_of_b' }), 31, 30)),
  );
  expect(rules).toContainEqual(['answered exactly once', 'c']);
});

it('One that another message answers was not answered with those it was asked with', () => {
  const rules = broken((run) => {
    run.shown.splice(
      1,
      1,
      ...['b', 'c'].map((one) => shown(answerText(one, { run: `run_of_${one}` }), 31, 30)),
    );
  });
  expect(rules).toContainEqual(['answered exactly once', 'c']);
});

it('The parts of an answer to both stand in order although each names both', () => {
  const part = (number: number): string =>
    ['b', 'c'].map((token) => answerText(token, { run: 'run_of_b', part: number, parts: 2 })).join(' ');
  const inOrder = broken((run) => {
    run.shown.splice(1, 1, shown(part(1), 31, 30), shown(part(2), 32, 30));
    run.calls.splice(1, 1, sendOf(part(1), 30, 3_300), sendOf(part(2), 30, 3_400));
  });
  expect(inOrder).toEqual([]);
});

it('Only neighbours may be answered together', () => {
  const rules = broken((run) => {
    run.shown.splice(
      1,
      1,
      shown(`${answerText('b', { run: 'run_of_b' })} ${answerText('d', { run: 'run_of_b' })}`, 31, 30),
    );
  });
  expect(rules).toContainEqual(['order', 'd']);
});

it('One sentence below the last of them tells all of them that there is no answer', () => {
  const run = mergedRun();
  harm(run, 3_000);
  run.shown.splice(1, 1, shown('I could not answer.', 31, 30));
  run.calls.splice(1, 1, sendOf('I could not answer.', 30, 3_300));
  expect(check(run).violations).toEqual([]);
  expect(figure(run, 'given up, and the user told')).toBe(2);
});

/** `b` and `c` are given up before the model heard of them. @param isAsked whether their merged request came to the agents' door. */
function toldUnheard(run: Draft, isAsked: boolean): void {
  harm(run, 3_000);
  run.requests.splice(1, 1);
  run.shown.splice(1, 1, shown('I could not answer.', 31, 30));
  const { history, ...last } = at(run.requests, 1);
  run.requests.splice(1, 1, { ...last, history: history.slice(0, 1) });
  if (isAsked) run.asks.push(askOf(['b', 'c'], 3_050));
}

it('So it does when the model never heard of them, if they were asked together; silence alone proves nothing', () => {
  const told = (isAsked: boolean): [Rule, string][] =>
    broken((run) => {
      toldUnheard(run, isAsked);
    });
  expect(told(true)).toEqual([]);
  expect(told(false)).toContainEqual(['answered exactly once', 'b']);
});

it('The context has to know each of them', () => {
  const rules = broken((run) => {
    const { history, ...last } = at(run.requests, 2);
    run.requests.splice(2, 1, { ...last, history: history.filter(({ token }) => token !== 'c') });
  });
  expect(rules).toEqual([['context', 'd']]);
});

it('An answer that goes on after a pause is asked for twice and is one answer', () => {
  const rules = broken((run) => {
    const asked = at(run.requests, 1);
    run.requests.splice(2, 0, { ...asked, atMs: asked.endedAtMs, endedAtMs: asked.endedAtMs + 50 });
  });
  expect(rules).toEqual([]);
});

it('They are stuck when their answer is', () => {
  const rules = broken((run) => {
    run.calls.splice(1, 1, { ...at(run.calls, 1), atMs: 2_000 + STUCK_MS + 1 });
    run.calls.splice(2, 1, { ...at(run.calls, 2), atMs: 2_000 + 2 * STUCK_MS });
  });
  expect(rules).toEqual([['nothing stuck', 'b']]);
});

describe('A mark of what waits', () => {
  const reacting = (run: Draft, isSet: boolean): void =>
    void run.calls.push({ ...sendOf('', 30, 3_000), replyTo: undefined, reaction: { messageId: 30, isSet } });

  it('that stays in the end is counted, and breaks a rule', () => {
    const run = mergedRun();
    reacting(run, true);
    expect(figure(run, 'reactions left in the end')).toBe(1);
    expect(check(run).violations).toMatchObject([{ rule: 'no mark left', token: 'c' }]);
    reacting(run, false);
    expect(figure(run, 'reactions left in the end')).toBe(0);
    expect(check(run).violations).toEqual([]);
  });

  it('may stay when the worker that set it was frozen just then, and no other was', () => {
    const left = (process: string, untilMs: number): [Rule, string][] =>
      broken((run) => {
        reacting(run, true);
        run.blows.push({ kind: 'freeze', process, atMs: 1_500, untilMs });
      });
    expect(left(WORKER, 2_900)).toEqual([]);
    expect(left('worker-2#1', 2_900)).toEqual([['no mark left', 'c']]);
    expect(left(WORKER, 2_000)).toEqual([['no mark left', 'c']]);
  });
});

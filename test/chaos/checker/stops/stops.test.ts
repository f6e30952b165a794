import { describe, expect, it } from 'vitest';
import {
  answerText,
  at,
  brokenOf,
  type Draft,
  figure,
  mergedRun,
  sendOf,
  SESSION,
  shown,
  soundRun,
} from '../../evidence/evidence.fixture.ts';
import { check } from '../checker.ts';
import type { Rule } from '../verdict.ts';
import { stopsAtWork } from './check-stops.ts';

const CHAT = 7;
const STOP_ID = 35;
const TAKEN_AT_MS = 3_500;
const UNANSWERED: [Rule, string][] = [['answered exactly once', 'c']];
const broken = brokenOf(() => soundRun(['a', 'b', 'c']));

/** A stop after `c`, and what it is answered with. */
function stop(run: Draft, says = 'Everything you asked before this is stopped.'): void {
  run.commands.push({
    command: 'stop',
    session: SESSION,
    chatId: CHAT,
    messageId: STOP_ID,
    atMs: 3_450,
    takenAtMs: TAKEN_AT_MS,
  });
  run.shown.push(shown(says, STOP_ID + 1, STOP_ID));
  run.calls.push(sendOf(says, STOP_ID, TAKEN_AT_MS + 100));
}

/** `c` is not answered. */
function silence(run: Draft): void {
  run.shown.splice(2, 1);
  run.calls.splice(2, 1);
}

function answerWith(run: Draft, ...texts: string[]): void {
  run.shown.splice(2, 1, ...texts.map((text, index) => shown(text, 31 + index, 30)));
}

describe('A question before a stop may go without an answer:', () => {
  it('when it says below it that it was stopped, once', () => {
    const ended = (...texts: string[]): [Rule, string][] =>
      broken((run) => {
        stop(run);
        answerWith(run, ...texts);
      });
    expect(ended('⏹ Stopped.')).toEqual([]);
    expect(ended('⏹ Stopped.', '⏹ Stopped.')).toEqual(UNANSWERED);
    expect(ended('I could not answer.')).toEqual([['explained', 'c']]);
  });

  it('when what was said before stands above that, and not twice', () => {
    const said = (parts: number[], ending = ' ⏹ Stopped.'): [Rule, string][] =>
      broken((run) => {
        stop(run);
        const texts = parts.map((part) => answerText('c', { run: 'run_of_c', part, parts: 4 }));
        answerWith(run, ...texts.slice(0, -1), `${texts.at(-1)}${ending}`);
      });
    expect(said([1, 2])).toEqual([]);
    expect(said([1, 1])).toEqual(UNANSWERED);
    expect(said([2])).toEqual(UNANSWERED);
    expect(said([1, 2], '')).toEqual(UNANSWERED);
  });

  it('when the stop says that it dropped it; silence alone is a loss', () => {
    const dropped = (says: string): [Rule, string][] =>
      broken((run) => {
        silence(run);
        stop(run, says);
      });
    const all = 'Everything you asked before this is stopped';
    expect(dropped(`${all}, and the message that was waiting is dropped.`)).toEqual([]);
    expect(dropped(`${all}, and the 2 messages that were waiting are dropped.`)).toEqual([]);
    expect(dropped(`${all}.`)).toEqual(UNANSWERED);
    expect(dropped('Nothing is running.')).toEqual(UNANSWERED);
  });

  it('of two that are dropped, both are counted', () => {
    const rules = brokenOf(mergedRun)((run) => {
      run.shown.splice(1, 2);
      run.calls.splice(1, 2);
      run.requests.splice(1, 2);
      run.questions.splice(3, 1);
      stop(run, 'It is stopped, and the message that was waiting is dropped.');
    });
    expect(rules).toEqual([['answered exactly once', 'c']]);
  });

  it('one after the stop, or in another conversation, may not', () => {
    const spared = (change: Partial<Draft['commands'][number]>): [Rule, string][] =>
      broken((run) => {
        stop(run, 'All is stopped, and the message that was waiting is dropped.');
        silence(run);
        run.commands.splice(0, 1, { ...at(run.commands, 0), ...change });
        for (const message of run.shown.splice(2, 1))
          run.shown.push({
            ...message,
            replyTo: change.messageId ?? STOP_ID,
            session: change.session ?? SESSION,
          });
      });
    expect(spared({})).toEqual([]);
    expect(spared({ messageId: 25 })).toEqual(UNANSWERED);
    expect(spared({ session: '7:5' })).toEqual(UNANSWERED);
  });

  it('and is counted', () => {
    const run = soundRun(['a', 'b', 'c']);
    stop(run);
    answerWith(run, '⏹ Stopped.');
    expect(figure(run, 'stopped')).toBe(1);
    expect(stopsAtWork(run)).toEqual([]);
    run.requests.splice(2, 1, { ...at(run.requests, 2), endedAtMs: TAKEN_AT_MS + 1 });
    expect(stopsAtWork(run)).toHaveLength(1);
  });
});

describe('A stop is obeyed:', () => {
  const worked = (endedAtMs: number, spoil: (run: Draft) => void = () => undefined): [Rule, string][] =>
    broken((run) => {
      stop(run);
      answerWith(run, '⏹ Stopped.');
      run.requests.splice(2, 1, { ...at(run.requests, 2), endedAtMs });
      spoil(run);
    });

  it('the model does not work on it for long after the user was told', () => {
    const toldAtMs = TAKEN_AT_MS + 100;
    expect(worked(toldAtMs + 1_900)).toEqual([]);
    expect(worked(toldAtMs + 2_100)).toEqual([['stop obeyed', 'c']]);
  });

  it('a frozen process and a store that fails may not hear of it', () => {
    const frozen = (process: string, untilMs: number): [Rule, string][] =>
      worked(9_000, (run) => void run.blows.push({ kind: 'freeze', process, atMs: 1_000, untilMs }));
    expect(frozen('agent-1#1', 6_000)).toEqual([]);
    expect(frozen('agent-1#1', 1_200)).toEqual([['stop obeyed', 'c']]);
    expect(frozen('webhook#1', 6_000)).toEqual([['stop obeyed', 'c']]);
    const failing = (session: string): [Rule, string][] =>
      worked(9_000, (run) => void run.storeFailures.push({ session, store: 'stops', atMs: 3_600 }));
    expect(failing(SESSION)).toEqual([]);
    expect(failing('7:5')).toEqual([['stop obeyed', 'c']]);
  });

  it('unless it says that it could not be', () => {
    const run = soundRun(['a', 'b', 'c']);
    stop(run, 'That could not be stopped just now.');
    run.requests.splice(2, 1, { ...at(run.requests, 2), endedAtMs: 9_000 });
    expect(check(run).violations).toEqual([]);
  });
});

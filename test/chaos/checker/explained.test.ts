import { describe, expect, it } from 'vitest';
import { check } from './checker.ts';
import {
  AGENT,
  answerText,
  askOf,
  at,
  brokenOf,
  type Draft,
  harm,
  sendOf,
  SESSION,
  shown,
  soundRun,
  WORKER,
} from '../evidence/evidence.fixture.ts';
import type { Rule } from './verdict.ts';

const TOKENS = ['a', 'b', 'c'];
const broken = brokenOf(() => soundRun(TOKENS));
const UNEXPLAINED: [Rule, string][] = [['explained', 'c']];

/** `c`, which was asked at 3,000 ms, is given up at 9,000 ms. */
function giveUp(run: Draft): void {
  run.shown.splice(2, 1, shown('I could not answer.', 31, 30));
  run.calls.splice(2, 1, sendOf('I could not answer.', 30, 9_000));
}

describe('A question is given up only when each of its tries met a harm:', () => {
  it('without any, or with less than there are tries, nothing explains it', () => {
    expect(broken(giveUp)).toEqual(UNEXPLAINED);
    const withFailures = (times: number): [Rule, string][] =>
      broken((run) => {
        giveUp(run);
        harm(run, 4_000, times);
      });
    expect(withFailures(2)).toEqual(UNEXPLAINED);
    expect(withFailures(3)).toEqual([]);
  });

  it('harm that another session met, or this one at another time, explains nothing', () => {
    const harmed = (session: string, atMs: number): [Rule, string][] =>
      broken((run) => {
        giveUp(run);
        harm(run, 4_000, 2);
        run.storeFailures.push({ session, store: 'ledger', atMs });
      });
    expect(harmed('7:5', 5_000)).toEqual(UNEXPLAINED);
    expect(harmed(SESSION, 2_500)).toEqual(UNEXPLAINED);
    expect(harmed(SESSION, 9_500)).toEqual(UNEXPLAINED);
    expect(harmed(SESSION, 5_000)).toEqual([]);
  });

  it('a blow counts when it hit who worked on it', () => {
    const hit = (process: string, atMs: number): [Rule, string][] =>
      broken((run) => {
        giveUp(run);
        harm(run, 4_000, 2);
        run.asks.push(askOf(['c'], 5_000));
        run.blows.push({ kind: 'kill', process, atMs, untilMs: Infinity });
      });
    expect(hit(AGENT, 5_100)).toEqual([]);
    expect(hit(AGENT, 5_300)).toEqual(UNEXPLAINED);
    expect(hit('agent-2#1', 5_100)).toEqual(UNEXPLAINED);
    expect(hit(WORKER, 5_100)).toEqual([]);
    expect(hit('worker-2#1', 5_100)).toEqual(UNEXPLAINED);
    expect(hit('webhook#1', 5_100)).toEqual(UNEXPLAINED);
  });

  it('a part of an answer was not the end of it when it later gave way to the word that there is none', () => {
    const rules = broken((run) => {
      const part = sendOf(answerText('c', { run: 'cut' }), 30, 5_000);
      const change = { method: 'editMessageText', replyTo: undefined, marks: [], atMs: 9_000 };
      run.shown.splice(2, 1, shown('I could not answer.', 31, 30));
      run.calls.splice(2, 1, part, { ...part, ...change });
      harm(run, 4_000, 2);
      harm(run, 6_000, 1);
    });
    expect(rules).toEqual([]);
  });

  it('neither a full disk nor a clock that was set costs a try', () => {
    for (const kind of ['disk full', 'clock set'] as const) {
      const rules = broken((run) => {
        giveUp(run);
        harm(run, 4_000, 2);
        run.asks.push(askOf(['c'], 5_000));
        run.blows.push({ kind, process: AGENT, atMs: 4_900, untilMs: 8_000 });
      });
      expect(rules).toEqual(UNEXPLAINED);
    }
  });

  it('a freeze counts for all the time that it lasted, and a worker that was seen typing was at work', () => {
    const frozen = (process: string, atMs: number, untilMs: number): [Rule, string][] =>
      broken((run) => {
        giveUp(run);
        harm(run, 4_000, 2);
        run.asks.push(askOf(['c'], 5_000));
        run.typing.push({ sender: 'worker-2#1', session: SESSION, atMs: 6_000 });
        run.blows.push({ kind: 'freeze', process, atMs, untilMs });
      });
    expect(frozen(AGENT, 4_500, 5_050)).toEqual([]);
    expect(frozen(AGENT, 4_000, 4_900)).toEqual(UNEXPLAINED);
    expect(frozen('worker-2#1', 6_500, 8_000)).toEqual([]);
    expect(frozen('worker-2#1', 3_100, 4_000)).toEqual(UNEXPLAINED);
  });

  it('so does a connection that the harness cut, or a time without any agent server; one that broke by itself does not', () => {
    const asked = (change: Partial<Draft['asks'][number]>): [Rule, string][] =>
      broken((run) => {
        giveUp(run);
        harm(run, 4_000, 2);
        run.asks.push({ ...askOf(['c'], 5_000), ...change });
      });
    expect(asked({ ending: 'cut' })).toEqual([]);
    expect(asked({ ending: 'broken', agent: undefined })).toEqual([]);
    expect(asked({ ending: 'broken' })).toEqual(UNEXPLAINED);
  });

  it('calls to Telegram are made again, so only five that failed end a try', () => {
    const refused = (times: number): [Rule, string][] =>
      broken((run) => {
        giveUp(run);
        harm(run, 4_000, 2);
        const call = { ...sendOf(answerText('c', { run: 'run_of_c' }), 30, 6_000), isCarriedOut: false };
        run.calls.push(...Array.from({ length: times }, () => call));
      });
    expect(refused(4)).toEqual(UNEXPLAINED);
    expect(refused(5)).toEqual([]);
  });
});

describe('However much harm there was, few are given up:', () => {
  it('one in a hundred, and three in a small run', () => {
    const givenUp = (of: number, howMany: number): number => {
      const run = soundRun(Array.from({ length: of }, (_, index) => `t${index}`));
      for (let index = 0; index < howMany; index += 1) {
        const { messageId, atMs } = at(run.questions, index);
        run.shown.splice(index, 1, shown('I could not answer.', messageId + 1, messageId));
        harm(run, atMs + 10);
      }
      // What was given up is not known.
      run.requests.splice(0, run.requests.length);
      return check(run).violations.filter(({ rule }) => rule === 'explained').length;
    };
    expect(givenUp(20, 3)).toBe(0);
    expect(givenUp(20, 4)).toBe(1);
    expect(givenUp(400, 4)).toBe(0);
    expect(givenUp(400, 6)).toBe(2);
  });
});

describe('An answer is unsaved only when a store failed:', () => {
  const unsaved = (spoil: (run: Draft) => void): [Rule, string][] =>
    broken((run) => {
      const text = `${answerText('c', { run: 'run_of_c' })} This answer could not be saved`;
      run.shown.splice(2, 1, shown(text, 31, 30));
      spoil(run);
    });

  it('or when the disk of a worker or an agent server was full meanwhile', () => {
    const full = (process: string, atMs: number): [Rule, string][] =>
      unsaved((run) => void run.blows.push({ kind: 'disk full', process, atMs, untilMs: atMs + 1_000 }));
    expect(full(AGENT, 2_500)).toEqual([]);
    expect(full(WORKER, 3_200)).toEqual([]);
    expect(full(AGENT, 1_500)).toEqual(UNEXPLAINED);
    expect(full('webhook#1', 2_500)).toEqual(UNEXPLAINED);
  });

  it('a blow is no excuse, nor is what failed for another session', () => {
    expect(
      unsaved((run) => {
        harm(run, 3_100, 1);
      }),
    ).toEqual([]);
    expect(unsaved(() => undefined)).toEqual(UNEXPLAINED);
    expect(
      unsaved((run) => {
        run.asks.push(askOf(['c'], 3_100));
        run.blows.push({ kind: 'kill', process: AGENT, atMs: 3_150, untilMs: Infinity });
        run.storeFailures.push({ session: '7:5', store: 'objects', atMs: 3_100 });
      }),
    ).toEqual(UNEXPLAINED);
  });
});

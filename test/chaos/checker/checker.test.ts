import { describe, expect, it } from 'vitest';
import { check } from './checker.ts';
import {
  answerText,
  at,
  brokenOf,
  figure,
  harm,
  OTHER_SESSION,
  sendOf,
  STUCK_MS,
  shown,
  soundRun,
} from '../evidence/evidence.fixture.ts';
import type { Rule } from './verdict.ts';

const TOKENS = ['a', 'b', 'c'];
const broken = brokenOf(() => soundRun(TOKENS));

it('A run in which all went well breaks no rule', () => {
  expect(check(soundRun(TOKENS)).violations).toEqual([]);
});

describe('Every question is answered exactly once:', () => {
  it('an answer that is not there is missed', () => {
    expect(broken((run) => void run.shown.splice(2, 1))).toContainEqual(['answered exactly once', 'c']);
  });

  it('half an answer is none', () => {
    const half = answerText('c', { run: 'run_of_c', part: 1, parts: 2 });
    const rules = broken((run) => void run.shown.splice(2, 1, shown(half, 31, 30)));
    expect(rules).toContainEqual(['answered exactly once', 'c']);
  });

  it('unless it says that there will be no more, and nothing of it is shown twice', () => {
    const brokenOff = (parts: number[], ending: string): [Rule, string][] =>
      broken((run) => {
        harm(run, 3_100);
        const texts = parts.map((part) => answerText('c', { run: 'run_of_c', part, parts: 4 }));
        const messages = texts.map((text, index) =>
          shown(text + (index === 1 ? ending : ''), 31 + index, 30),
        );
        run.shown.splice(2, 1, ...messages);
      });
    const sentence = ' I could not answer this message after several tries. It was put aside.';
    expect(brokenOff([1, 2], sentence)).toEqual([]);
    expect(brokenOff([1, 2], '')).toEqual([['answered exactly once', 'c']]);
    expect(brokenOff([1, 1], sentence)).toEqual([['answered exactly once', 'c']]);
  });

  it('a second copy is one too many', () => {
    const rules = broken(
      (run) => void run.shown.splice(2, 0, shown(answerText('b', { run: 'run_of_b' }), 22, 20)),
    );
    expect(rules).toEqual([['answered exactly once', 'b']]);
  });

  it('so is the answer of another run of the same question', () => {
    const rules = broken(
      (run) => void run.shown.splice(1, 0, shown(answerText('b', { run: 'other' }), 21, 20)),
    );
    expect(rules).toEqual([['answered exactly once', 'b']]);
  });

  it('so is an excuse beside the answer', () => {
    const rules = broken((run) => void run.shown.push(shown('I could not answer.', 32, 30)));
    expect(rules).toEqual([['answered exactly once', 'c']]);
  });

  it('a user who was told that there is no answer was told once', () => {
    const told = soundRun(TOKENS);
    harm(told, 3_100);
    told.shown.splice(2, 1, shown('I could not answer.', 31, 30));
    expect(check(told).violations).toEqual([]);
    expect(figure(told, 'given up, and the user told')).toBe(1);
    told.shown.push(shown('I could not answer.', 32, 30));
    expect(check(told).violations).toMatchObject([{ rule: 'answered exactly once', token: 'c' }]);
  });
});

describe('The answers stand in the order of the questions:', () => {
  it('one below that of a later question is out of order', () => {
    const rules = broken((run) => {
      run.shown.reverse();
    });
    expect(rules).toEqual([
      ['order', 'b'],
      ['order', 'a'],
    ]);
  });

  it('one in another topic is astray', () => {
    const rules = broken((run) => {
      const asked = at(run.questions, 0);
      run.questions.push({ ...asked, token: 'd', session: OTHER_SESSION, messageId: 90 });
      run.shown.push(shown(answerText('d', { run: 'run_of_d' }), 40, 30));
    });
    expect(rules).toContainEqual(['order', 'd']);
  });

  it('the parts of an answer that are shown in another order break it', () => {
    const rules = broken((run) => {
      const parts = [1, 3, 2].map((part) =>
        shown(answerText('c', { run: 'run_of_c', part, parts: 3 }), 30 + part, 30),
      );
      run.shown.splice(2, 1, ...parts);
    });
    expect(rules).toEqual([['order', 'c']]);
  });

  it('a part that was sent again because the answer to its first send was lost does not', () => {
    const rules = broken((run) => {
      const parts = [1, 2, 3, 2].map((part, index) =>
        shown(answerText('c', { run: 'run_of_c', part, parts: 3 }), 31 + index, 30),
      );
      run.shown.splice(2, 1, ...parts);
      const again = sendOf(answerText('c', { run: 'run_of_c', part: 2, parts: 3 }), 30, 3_200);
      run.calls.push({ ...again, messageId: 34, isAnswerLost: true });
    });
    expect(rules).toEqual([]);
  });

  it('two that changed places on their way are answered in the order in which they were taken over', () => {
    const run = soundRun(TOKENS);
    run.questions.splice(0, 1, { ...at(run.questions, 0), atMs: 900, takenAtMs: 2_050 });
    expect(check(run).violations).toContainEqual(expect.objectContaining({ rule: 'order', token: 'b' }));
    const swapped = soundRun(['b', 'a', 'c']);
    const [asked, earlier] = [at(swapped.questions, 0), at(swapped.questions, 1)];
    swapped.questions.splice(0, 2, { ...earlier, atMs: 900 }, asked);
    expect(check(swapped).violations).toEqual([]);
  });
});

it('Of words that nobody answered, a file that came with them may be told behind those that came later; other words may not', () => {
  const disorder = (late: string): string[] => {
    const run = soundRun(['a', 'b', late, 'x', 'c']);
    const last = at(run.requests, 4);
    const told = ['b', 'x', late].map((token) => ({ token, run: undefined }));
    run.requests.splice(4, 1, { ...last, history: [...last.history.slice(0, 1), ...told] });
    return check(run).violations.flatMap(({ what }) => (what.includes('out of order') ? [what] : []));
  };
  expect(disorder('bf0')).toEqual([]);
  expect(disorder('bf')).toHaveLength(1);
  expect(disorder('y')).toHaveLength(1);
});

describe('A session has one writer:', () => {
  it('two questions of it that the model works on at once are two writers', () => {
    const rules = broken((run) => {
      run.requests.splice(0, 1, { ...at(run.requests, 0), endedAtMs: 2_150 });
    });
    expect(rules).toEqual([['one writer', 'b']]);
  });

  it('so is the same question that is asked twice at once', () => {
    const rules = broken((run) => {
      run.requests.push({ ...at(run.requests, 2), atMs: 3_150, endedAtMs: 3_300 });
    });
    expect(rules).toEqual([['one writer', 'c']]);
  });

  it('the same question asked again when the first asker is gone is not', () => {
    const rules = broken((run) => {
      run.requests.push({ ...at(run.requests, 2), atMs: 3_200, endedAtMs: 3_300 });
    });
    expect(rules).toEqual([]);
  });
});

describe('The context holds every answered turn before it, once and in order:', () => {
  it('a turn that it skips is missed', () => {
    const rules = broken((run) => {
      run.requests.splice(2, 1, { ...at(run.requests, 2), history: [{ token: 'b', run: 'run_of_b' }] });
    });
    expect(rules).toEqual([['context', 'c']]);
  });

  it('what is asked together is not skipped, whichever of it was taken over first', () => {
    const run = soundRun(['a', 'c']);
    const [first, asking] = [at(run.questions, 0), at(run.questions, 1)];
    // The words of `c`, and its file `f`, which the webhook took over before them.
    run.questions.push({
      ...asking,
      token: 'f',
      messageId: asking.messageId + 1,
      takenAtMs: asking.takenAtMs - 1,
    });
    run.requests.splice(1, 1, { ...at(run.requests, 1), tokens: ['c', 'f'] });
    const answers = answerText('c', { run: 'run_of_c' }) + answerText('f', { run: 'run_of_c' });
    run.shown.splice(1, 1, shown(answers, asking.messageId + 2, asking.messageId));
    expect(check(run).violations.filter(({ rule }) => rule === 'context')).toEqual([]);
    const history = [{ token: first.token, run: `run_of_${first.token}` }];
    run.requests.splice(1, 1, { ...at(run.requests, 1), tokens: ['c'], history });
    expect(check(run).violations).toContainEqual(expect.objectContaining({ rule: 'context', token: 'c' }));
  });

  it('a question that is in it twice is found', () => {
    const rules = broken((run) => {
      const { history, ...request } = at(run.requests, 2);
      run.requests.splice(2, 1, { ...request, history: [...history, { token: 'b', run: 'run_of_b' }] });
    });
    expect(rules).toEqual([['context', 'c']]);
  });

  it('so is the question itself', () => {
    const rules = broken((run) => {
      const { history, ...request } = at(run.requests, 2);
      run.requests.splice(2, 1, { ...request, history: [...history, { token: 'c', run: undefined }] });
    });
    expect(rules).toEqual([['context', 'c']]);
  });

  it('turns in another order are found', () => {
    const rules = broken((run) => {
      const { history, ...request } = at(run.requests, 2);
      run.requests.splice(2, 1, { ...request, history: history.toReversed() });
    });
    expect(rules).toEqual([['context', 'c']]);
  });

  it('another answer than the one that the user read is found', () => {
    const rules = broken((run) => {
      const history = [at([...at(run.requests, 2).history], 0), { token: 'b', run: 'other' }];
      run.requests.splice(2, 1, { ...at(run.requests, 2), history });
    });
    expect(rules).toEqual([['context', 'c']]);
  });

  it('an answer may be unknown when it says itself that it was not saved', () => {
    const rules = broken((run) => {
      const text = `${answerText('b', { run: 'run_of_b' })} This answer could not be saved`;
      harm(run, 2_200, 1);
      run.shown.splice(1, 1, shown(text, 21, 20));
      const history = [at([...at(run.requests, 2).history], 0)];
      run.requests.splice(2, 1, { ...at(run.requests, 2), history });
    });
    expect(rules).toEqual([]);
  });
});

describe('No question waits longer than 30 s once it is its turn:', () => {
  it('one that does is stuck', () => {
    const rules = broken((run) => {
      run.calls.splice(2, 1, sendOf(answerText('c', { run: 'run_of_c' }), 30, 3_000 + STUCK_MS + 1));
    });
    expect(rules).toEqual([['nothing stuck', 'c']]);
  });

  it('the time behind an earlier question of the session does not count', () => {
    const rules = broken((run) => {
      run.calls.splice(1, 1, sendOf(answerText('b', { run: 'run_of_b' }), 20, 2_000 + STUCK_MS));
      run.calls.splice(2, 1, sendOf(answerText('c', { run: 'run_of_c' }), 30, 2_000 + 2 * STUCK_MS));
    });
    expect(rules).toEqual([]);
  });

  it('the time without any process of a tier does not count', () => {
    const late = (untilMs: number): [Rule, string][] =>
      broken((run) => {
        run.calls.splice(2, 1, sendOf(answerText('c', { run: 'run_of_c' }), 30, 3_000 + STUCK_MS + 2_000));
        run.absences.push({ fromMs: 4_000, untilMs });
      });
    expect(late(6_000)).toEqual([]);
    expect(late(5_900)).toEqual([['nothing stuck', 'c']]);
  });

  it('a send that was refused is no answer yet', () => {
    const rules = broken((run) => {
      run.calls.splice(2, 1, { ...at(run.calls, 2), isCarriedOut: false });
      run.calls.push(sendOf(answerText('c', { run: 'run_of_c' }), 30, 4_000 + STUCK_MS));
    });
    expect(rules).toEqual([['nothing stuck', 'c']]);
  });
});

import { describe, expect, it } from 'vitest';
import {
  answerText,
  at,
  brokenOf,
  type Draft,
  SESSION,
  shown,
  soundRun,
} from '../../evidence/evidence.fixture.ts';
import type { Rule } from '../verdict.ts';

const broken = brokenOf(() => soundRun(['a', 'b', 'c']));
const SKIPPED: [Rule, string][] = [['context', 'c']];
const ONE = '_The stored conversation was damaged: one message or its answer is lost._';

/** `c` is asked when so many of those before it are lost. */
function lose(run: Draft, count: number): void {
  const { history, ...request } = at(run.requests, 2);
  run.requests.splice(2, 1, { ...request, history: history.slice(count) });
}

function damage(run: Draft, atMs = 2_900, session = SESSION): void {
  run.damages.push({ session, kind: 'cut', atMs });
}

function tell(run: Draft, sentence: string): void {
  run.shown.splice(2, 1, shown(`${sentence} ${answerText('c', { run: 'run_of_c' })}`, 31, 30));
}

describe('A turn may be lost when its stored conversation was damaged, and the user was told:', () => {
  const lost = (count: number, spoil: (run: Draft) => void): [Rule, string][] =>
    broken((run) => {
      lose(run, count);
      spoil(run);
    });

  it('as many as were told', () => {
    const told = (count: number, sentence: string): [Rule, string][] =>
      lost(count, (run) => {
        damage(run);
        tell(run, sentence);
      });
    expect(told(1, ONE)).toEqual([]);
    expect(told(2, ONE)).toEqual(SKIPPED);
    expect(told(2, '_The stored conversation was damaged: 2 messages or their answers are lost._')).toEqual(
      [],
    );
    expect(told(2, '_The earlier conversation could not be found, so this is a new one._')).toEqual([]);
    expect(
      told(1, '_The stored conversation was damaged and has been repaired; no message is lost._'),
    ).toEqual(SKIPPED);
    expect(told(1, '')).toEqual(SKIPPED);
  });

  it('no other one, and none before or after the damage', () => {
    const damagedAt = (atMs: number, session?: string): [Rule, string][] =>
      lost(1, (run) => {
        damage(run, atMs, session);
        tell(run, ONE);
      });
    expect(damagedAt(2_900)).toEqual([]);
    expect(damagedAt(900)).toEqual(SKIPPED);
    expect(damagedAt(3_200)).toEqual(SKIPPED);
    expect(damagedAt(2_900, '7:5')).toEqual(SKIPPED);
  });

  it('and so may its answer alone', () => {
    const rules = lost(0, (run) => {
      const { history, ...request } = at(run.requests, 2);
      run.requests.splice(2, 1, {
        ...request,
        history: history.map((turn) => ({ ...turn, run: undefined })),
      });
      damage(run);
      tell(run, '_The stored conversation was damaged: 2 messages or their answers are lost._');
    });
    expect(rules).toEqual([]);
  });
});

it('A question whose answer was damaged may be asked once more, below itself', () => {
  const again = (damagedAtMs: number, first: string | undefined): [Rule, string][] =>
    broken((run) => {
      const { history, ...request } = at(run.requests, 2);
      const [a, b] = history;
      if (!a || !b) throw new Error('The fixture has two turns');
      run.requests.splice(2, 1, { ...request, history: [a, { ...b, run: first }, b] });
      damage(run, damagedAtMs);
    });
  expect(again(2_900, undefined)).toEqual([]);
  expect(again(1_900, undefined)).toContainEqual(['context', 'c']);
  expect(again(2_900, 'run_of_b')).toContainEqual(['context', 'c']);
});

import { expect, it } from 'vitest';
import { at, brokenOf, type Draft, sendOf, shown, soundRun } from '../evidence/evidence.fixture.ts';
import { fileMark, fileMarkIn, wishesIn, wishMark } from '../evidence/marks.ts';
import type { Rule } from './verdict.ts';

const TOKENS = ['a', 'b', 'c'];
const broken = brokenOf(() => soundRun(TOKENS));
const WRONG: [Rule, string][] = [['answered exactly once', 'c']];

/** `c` wants a file, and so many arrive. @param run that they are of. */
function withFiles(draft: Draft, count: number, run = 'run_of_c'): void {
  draft.questions.splice(2, 1, { ...at(draft.questions, 2), wantsFile: true });
  for (let index = 0; index < count; index += 1) {
    const text = fileMark({ token: 'c', run });
    draft.shown.push({ ...shown(text, 32 + index, 30), isDocument: true });
    const send = { ...sendOf('', 30, 3_400 + index), method: 'sendDocument', messageId: 32 + index };
    draft.calls.push(send);
  }
}

it('A file that was asked for arrives once', () => {
  const arriving = (count: number, run?: string): [Rule, string][] =>
    broken((draft) => {
      withFiles(draft, count, run);
    });
  expect(arriving(1)).toEqual([]);
  expect(arriving(0)).toEqual(WRONG);
  expect(arriving(2)).toEqual(WRONG);
  expect(arriving(1, 'another_run')).toEqual(WRONG);
});

it('A second copy is excused when the answer to its send was lost', () => {
  const rules = broken((draft) => {
    withFiles(draft, 2);
    const last = draft.calls.length - 1;
    draft.calls.splice(last, 1, { ...at(draft.calls, last), isAnswerLost: true });
  });
  expect(rules).toEqual([]);
});

it('A missing one is excused when its user was told', () => {
  const rules = broken((draft) => {
    withFiles(draft, 0);
    draft.shown.push({ ...shown('The file is gone from the store.', 33, 29) });
  });
  expect(rules).toEqual([]);
});

it('Its marks are read as they are written', () => {
  expect(fileMarkIn(fileMark({ token: 'a', run: 'r1' }))).toEqual({ token: 'a', run: 'r1' });
  expect(fileMarkIn('The file')).toBeUndefined();
  expect(wishesIn(`${wishMark('a')} and ${wishMark('b')}`)).toEqual(['a', 'b']);
});

import { expect, it } from 'vitest';
import { annotateAnswer } from './annotate-answer.ts';

it('An answer without notes is left as it is', () => {
  expect(annotateAnswer('**Ja**', [], 'en')).toBe('**Ja**');
});

it('An answer that shows nothing is said to be empty', () => {
  expect(annotateAnswer('```\n```', [], 'en')).toBe('Done. (There was nothing to say.)');
});

it('A lost session stands above the answer, a stop and a failed save below it', () => {
  const text = annotateAnswer(
    'Ja',
    [{ kind: 'stopped' }, { kind: 'session_lost' }, { kind: 'not_saved' }],
    'en',
  );
  const order = ['could not be found', 'Ja', 'Stopped', 'could not be saved'].map((part) =>
    text.indexOf(part),
  );
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(order).not.toContain(-1);
});

it('An answer that shows nothing is said to be empty also when something is to be told of the files', () => {
  expect(annotateAnswer('', [{ kind: 'workspace_over_limit' }], 'en')).toMatch(
    /^Done\. .*\n\n_The files are/,
  );
});

it('A turn that was stopped before it said anything is only marked', () => {
  expect(annotateAnswer('', [{ kind: 'stopped' }], 'zh')).toBe('⏹ _已停止。_');
});

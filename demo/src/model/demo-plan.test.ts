import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ToolOutcome } from './conversation.ts';
import { missingTool, nextCalls, planOf, textOfRead } from './demo-plan.ts';

const outcome = (name: string, text: string): ToolOutcome => ({ name, input: {}, text, isError: false });

/** Read's way of showing a file. */
function shown(text: string): string {
  return text
    .split('\n')
    .map((line, index) => `${index + 1}\t${line}`)
    .join('\n');
}

test('a read file is its text again, without the numbers', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (lines) => {
      const text = lines.map((line) => line.replaceAll(/[\r\n\u2028\u2029]/g, ' ')).join('\n');
      expect(textOfRead(shown(text))).toBe(text);
    }),
  );
});

test('an appended line follows all that was in the file, and what is replaced occurs once', () => {
  const line = fc.constantFrom('a', 'b', '', ' ', 'ab', '1\tx');
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), (lines) => {
      const text = lines.join('\n');
      const plan = planOf({ kind: 'append', file: 'f.txt', line: 'NEW' });
      const [call] = nextCalls(plan, [outcome('Read', shown(text))]);
      if (text.trim() === '') {
        expect(call).toEqual({ name: 'Write', input: { file_path: 'f.txt', content: 'NEW\n' } });
        return;
      }
      const { old_string: before, new_string: after } = call?.input as {
        old_string: string;
        new_string: string;
      };
      expect(text.split(before)).toHaveLength(2);
      const edited = text.replace(before, () => after);
      expect(edited).toBe(text.endsWith('\n') ? `${text}NEW\n` : `${text}\nNEW`);
    }),
  );
});

test('tasks are created at once, and the first of them is begun under the number it was given', () => {
  const plan = planOf({ kind: 'plan', items: ['a', 'b'] });
  expect(nextCalls(plan, []).map(({ name, input }) => [name, input.subject])).toEqual([
    ['TaskCreate', 'a'],
    ['TaskCreate', 'b'],
  ]);
  const created = [
    outcome('TaskCreate', 'Task #7 created successfully: a'),
    outcome('TaskCreate', 'Task #8 created successfully: b'),
  ];
  expect(nextCalls(plan, created)).toEqual([
    { name: 'TaskUpdate', input: { taskId: '7', status: 'in_progress' } },
  ]);
  expect(nextCalls(plan, [...created, outcome('TaskUpdate', 'Updated task #7')])).toEqual([]);
});

test('writing comes before listing, so that the list names the new file', () => {
  const plan = planOf({ kind: 'write', file: 'a.txt', content: 'x', thenList: true, thenSend: false });
  expect(nextCalls(plan, []).map(({ name }) => name)).toEqual(['Write']);
  expect(nextCalls(plan, [outcome('Write', 'done')]).map(({ name }) => name)).toEqual(['Glob']);
});

test('a tool that is not offered is named before anything is done', () => {
  const plan = planOf({ kind: 'write', file: 'a.txt', content: 'x', thenList: true, thenSend: false });
  expect(missingTool(plan, new Set(['Write']))).toBe('Glob');
  expect(missingTool(plan, new Set(['Write', 'Glob']))).toBeUndefined();
});

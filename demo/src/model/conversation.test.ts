import { expect, test } from 'vitest';
import { ownWords, readTurn } from './conversation.ts';
import type { ModelMessage } from './wire/model-request.ts';

const user = (...content: Exclude<ModelMessage['content'], string>): ModelMessage => ({
  role: 'user',
  content,
});
const assistant = (...content: Exclude<ModelMessage['content'], string>): ModelMessage => ({
  role: 'assistant',
  content,
});
const text = (words: string) => ({ type: 'text' as const, text: words });
const call = (id: string, name: string) => ({ type: 'tool_use' as const, id, name, input: { id } });
const result = (id: string, content: string, isError = false) => ({
  type: 'tool_result' as const,
  tool_use_id: id,
  content,
  is_error: isError,
});

test('only what the user wrote counts as words', () => {
  const messages = [
    user(text('<system-reminder>\n# Environment\nmy name is Nobody\n</system-reminder>'), text('first')),
    assistant(text('an answer')),
    { role: 'user' as const, content: '<system-reminder>a</system-reminder>\nsecond <b>kept</b>' },
    assistant(text('another')),
    user(text('[Request interrupted by user]')),
    user(text('(no content)')),
    user(text('third')),
  ];
  expect(readTurn(messages)).toEqual({
    words: 'third',
    earlier: ['first', 'second <b>kept</b>'],
    done: [],
  });
});

test('the outcomes of this turn stand in the order of the calls, without those of earlier turns', () => {
  const messages = [
    user(text('first')),
    assistant(call('a', 'Write')),
    user(result('a', 'old')),
    user(text('second')),
    assistant(text('I will.'), call('b', 'Write'), call('c', 'Glob')),
    user(result('c', 'x.txt\n\n<system-reminder>tokens</system-reminder>'), result('b', 'no', true)),
  ];
  expect(readTurn(messages)).toEqual({
    words: 'second',
    earlier: ['first'],
    done: [
      { name: 'Write', input: { id: 'b' }, text: 'no', isError: true },
      { name: 'Glob', input: { id: 'c' }, text: 'x.txt', isError: false },
    ],
  });
});

test('the resumption of a killed turn goes on with it', () => {
  const messages = [
    user(text('write a file')),
    assistant(call('a', 'Write')),
    user(result('a', 'done')),
    user(text('Continue from where you left off.')),
  ];
  const turn = readTurn(messages);
  expect(turn.words).toBe('write a file');
  expect(turn.done).toHaveLength(1);
});

test('a user who writes an unclosed element keeps it', () => {
  expect(ownWords('<system-reminder> hello')).toBe('<system-reminder> hello');
});

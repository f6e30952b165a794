import { expect, test } from 'vitest';
import { createDemoModel } from './demo-model.ts';
import type { ModelMessage } from './wire/model-request.ts';
import type { ModelOutput } from './wire/model-output.ts';

const SEND_FILE = 'mcp__chat__send_file';
const TOOLS = ['Write', 'Read', 'Glob', SEND_FILE];
const REPORT = '[Attached file: inbox/report.csv (text/csv, 1234 bytes)]';
const PHOTO = '[Attached file: inbox/photo.jpg (image/jpeg, 98765 bytes)]';

interface Call {
  name: string;
  input: object;
}

/** Talks to the demo model as an agent does whose tools always succeed. @returns the last answer, and the calls for it. */
async function ask(
  said: readonly string[],
  { tools = TOOLS, results = {} }: { tools?: readonly string[]; results?: Record<string, string> } = {},
): Promise<{ answer: string; calls: Call[] }> {
  const messages: ModelMessage[] = said.map((content) => ({ role: 'user', content }));
  const calls: Call[] = [];
  for (;;) {
    const outputs: ModelOutput[] = [];
    const body = { max_tokens: 1_000, messages, tools: tools.map((name) => ({ name })) };
    const request = { modelId: 'demo', stream: true, body };
    const respond = createDemoModel({ wordDelayMs: 0 });
    for await (const output of respond(request, new AbortController().signal)) outputs.push(output);
    const uses = outputs.filter((output) => output.type === 'tool_use');
    const texts = outputs.filter((output) => output.type === 'text').map(({ text }) => text);
    if (uses.length === 0) return { answer: texts.join(''), calls };
    messages.push({
      role: 'assistant',
      content: uses.map((use, index) => ({ ...use, id: `${calls.length + index}` })),
    });
    messages.push({
      role: 'user',
      content: uses.map(({ name, input }, index) => ({
        type: 'tool_result',
        tool_use_id: `${calls.length + index}`,
        content: results[String(input.file_path)] ?? `${name} done`,
        is_error: false,
      })),
    });
    calls.push(...uses.map(({ name, input }) => ({ name, input })));
  }
}

const sending = (path: string): Call => ({ name: SEND_FILE, input: { path } });

test('a file is written, then sent', async () => {
  const { answer, calls } = await ask(['write a file notes.md that says hello and send it to me']);
  expect(calls).toEqual([
    { name: 'Write', input: { file_path: 'notes.md', content: 'hello' } },
    sending('notes.md'),
  ]);
  expect(answer).toContain('I sent you `notes.md`.');
  const chinese = await ask(['写一个文件 todo.txt，内容是买牛奶，然后发给我']);
  expect(chinese.calls.map(({ name }) => name)).toEqual(['Write', SEND_FILE]);
  expect(chinese.answer).toContain('已把 `todo.txt` 发给你。');
});

test('without a way to send, it says where the file lies', async () => {
  const tools = TOOLS.filter((name) => name !== SEND_FILE);
  const written = await ask(['write a file notes.md that says hello and send it to me'], { tools });
  expect(written.calls.map(({ name }) => name)).toEqual(['Write']);
  expect(written.answer).toContain('no way to send files');
  const asked = await ask(['把 notes.md 发给我'], { tools });
  expect(asked).toEqual({ calls: [], answer: expect.stringContaining('`notes.md`') as string });
  expect((await ask([REPORT], { tools })).answer).not.toContain('send it back');
});

test('"it" is what came or was talked of last, and a bare name is what came under it', async () => {
  const cases: [string[], string[]][] = [
    [['send it to me', REPORT, 'send it back'], ['inbox/report.csv']],
    [[REPORT, 'write a file a.txt that says hi', 'send it to me'], ['a.txt']],
    [
      [`look\n${REPORT}\n${PHOTO}`, 'what is my name?', '把它们发给我'],
      ['inbox/report.csv', 'inbox/photo.jpg'],
    ],
    [[REPORT, 'thanks', 'send me report.csv'], ['inbox/report.csv']],
    [
      [`${REPORT}\n${REPORT.replace('report', 'die report')}`, 'send me die report.csv'],
      ['inbox/die report.csv'],
    ],
    [[REPORT, `send it back\n\n${PHOTO}`], ['inbox/photo.jpg']],
  ];
  for (const [said, paths] of cases) {
    expect((await ask(said)).calls).toEqual(paths.map(sending));
  }
  expect(await ask(['send it back'])).toEqual({
    calls: [],
    answer: expect.stringContaining('Which file?') as string,
  });
});

test('of a text file that came it reads the first lines, of others it says what they are', async () => {
  const { answer, calls } = await ask([`What is in these?\n\n${PHOTO}\n${REPORT}`], {
    results: { 'inbox/report.csv': '1\tname,age\n2\tAda,36\n3\t' },
  });
  expect(calls).toEqual([{ name: 'Read', input: { file_path: 'inbox/report.csv', limit: 10 } }]);
  expect(answer).toMatch(/`photo\.jpg` has arrived \(image\/jpeg, 98765 bytes\).*cannot look at pictures/);
  expect(answer).toContain('`report.csv` has arrived (text/csv, 1234 bytes)');
  expect(answer).toContain('```\nname,age\nAda,36\n```');
  expect(answer).toContain('send it back');
  const empty = await ask([REPORT], { results: { 'inbox/report.csv': '' } });
  expect(empty.answer).toContain('no text in it');
  expect(
    (await ask([REPORT], { results: { 'inbox/report.csv': 'x'.repeat(9_000) } })).answer.length,
  ).toBeLessThan(1_500);
});

test('words that say what to do are followed, whatever comes with them', async () => {
  const { calls } = await ask([`write a file a.txt that says hi\n\n${REPORT}`]);
  expect(calls).toEqual([{ name: 'Write', input: { file_path: 'a.txt', content: 'hi' } }]);
  expect((await ask([`Store this file\n\n${PHOTO}`])).answer).toContain('98765 bytes');
  expect((await ask([REPORT, 'read report.csv'])).calls).toEqual([
    { name: 'Read', input: { file_path: 'inbox/report.csv' } },
  ]);
});

test('a file without a word is answered in the language spoken before', async () => {
  expect((await ask(['你好', PHOTO])).answer).toContain('看不了图片');
  expect((await ask(['你好', 'hello', PHOTO])).answer).toContain('cannot look at pictures');
});

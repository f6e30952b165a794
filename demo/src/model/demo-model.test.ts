import {
  createSdkMcpServer,
  type Options,
  query,
  type SDKMessage,
  tool,
} from '@anthropic-ai/claude-agent-sdk';
import { createAdaptorServer } from '@hono/node-server';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { createBedrockStandIn } from './wire/bedrock-wire.ts';
import { createDemoModel } from './demo-model.ts';
import type { ModelOutput } from './wire/model-output.ts';
import type { ModelRequest } from './wire/model-request.ts';

const TOOLS = ['Write', 'Read', 'Edit', 'Glob', 'Grep', 'TaskCreate', 'TaskUpdate'];
const MODEL = 'omnicloud.demo-model-v1:0';

let server: Server;
let root: string;
let cwd: string;
let env: Record<string, string>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'demo-model-'));
  const standIn = createBedrockStandIn({ respond: createDemoModel({ wordDelayMs: 0 }) });
  const created = createAdaptorServer({ fetch: standIn.fetch });
  if (!(created instanceof Server)) throw new Error('Expected an HTTP/1 server');
  server = created;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await rm(root, { recursive: true });
});

beforeEach(async () => {
  const home = join(root, randomUUID());
  cwd = join(home, 'workspace');
  await mkdir(cwd, { recursive: true });
  env = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    CLAUDE_CONFIG_DIR: join(home, 'config'),
    CLAUDE_CODE_TMPDIR: home,
    CLAUDE_CODE_USE_BEDROCK: '1',
    CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1',
    ANTHROPIC_BEDROCK_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'us-east-1',
  };
});

/** Runs one turn of the real agent. @returns its final text and all that it said and did. */
async function ask(
  prompt: string,
  options: Options = {},
): Promise<{ answer: string; messages: SDKMessage[] }> {
  const messages: SDKMessage[] = [];
  const settings: Options = {
    cwd,
    env,
    model: MODEL,
    tools: TOOLS,
    permissionMode: 'acceptEdits',
    systemPrompt: 'You help in a chat.',
    settingSources: [],
    ...options,
  };
  for await (const message of query({ prompt, options: settings })) messages.push(message);
  const result = messages.find((message) => message.type === 'result');
  expect(result).toMatchObject({ subtype: 'success', is_error: false });
  return { answer: result?.subtype === 'success' ? result.result : '', messages };
}

test('the agent really writes the file, lists it, and a later process still knows the name', async () => {
  const sessionId = randomUUID();
  const wrote = await ask('write a file notes.md that says hello, then list the files', { sessionId });
  expect(await readFile(join(cwd, 'notes.md'), 'utf8')).toBe('hello');
  expect(wrote.answer).toContain('- `notes.md`');

  await ask('我叫小明', { resume: sessionId });
  expect((await ask('我叫什么？', { resume: sessionId })).answer).toContain('**小明**');
  const recalled = (await ask('what did I say before?', { resume: sessionId })).answer;
  expect(recalled).toContain('> write a file notes.md that says hello');
  expect(recalled).not.toContain('system-reminder');
});

test('the agent reads, appends to, changes and searches a file', async () => {
  const sessionId = randomUUID();
  await ask('写一个文件 todo.txt，内容是买牛奶', { sessionId });
  await ask('在 todo.txt 后面加一行：买鸡蛋', { resume: sessionId });
  await ask('把 todo.txt 里的牛奶改成豆浆', { resume: sessionId });
  expect(await readFile(join(cwd, 'todo.txt'), 'utf8')).toBe('买豆浆\n买鸡蛋');
  expect((await ask('todo.txt 里有什么？', { resume: sessionId })).answer).toContain('买豆浆\n买鸡蛋');
  expect((await ask('search for 鸡蛋 in the files', { resume: sessionId })).answer).toContain(
    'todo.txt:2:买鸡蛋',
  );
});

test('a task list is made and a task of it finished', async () => {
  const sessionId = randomUUID();
  const planned = await ask('plan: buy milk, call Ann', { sessionId });
  expect(planned.answer).toContain('1. buy milk\n2. call Ann');
  const tasks = join(env.CLAUDE_CONFIG_DIR ?? '', 'tasks', sessionId);
  expect(JSON.parse(await readFile(join(tasks, '1.json'), 'utf8'))).toMatchObject({
    subject: 'buy milk',
    status: 'in_progress',
  });
  const finished = await ask('task 2 is done', { resume: sessionId });
  expect(finished.answer).toBe('Task 2 is marked as done.');
  expect((await ask('task 9 is done', { resume: sessionId })).answer).toContain('did not work');
});

test('a tool that fails is reported with its own words, and a shell that is off with the way to turn it on', async () => {
  const failed = await ask('read missing.txt');
  expect(failed.answer).toContain('That did not work');
  expect(failed.answer).toContain('File does not exist');
  expect((await ask('run echo hi')).answer).toContain('AGENT_SHELL=on');
  const ran = await ask('run echo hi', { tools: [...TOOLS, 'Bash'], allowedTools: ['Bash'] });
  expect(ran.answer).toContain('hi');
});

test('the agent looks into a file that came, and sends files by the tool of its chat', async () => {
  const sent: object[] = [];
  const send = tool('send_file', 'Sends a file', { path: z.string() }, (input) => {
    sent.push(input);
    return Promise.resolve({ content: [{ type: 'text', text: 'Sent.' }] });
  });
  const options: Options = {
    mcpServers: { chat: createSdkMcpServer({ name: 'chat', tools: [send], alwaysLoad: true }) },
    allowedTools: ['mcp__chat__send_file'],
  };
  const sessionId = randomUUID();
  await mkdir(join(cwd, 'inbox'));
  await writeFile(join(cwd, 'inbox/ages.csv'), `name,age\n${'Ada,36\n'.repeat(20)}`);
  const came = 'What is in it?\n\n[Attached file: inbox/ages.csv (text/csv, 149 bytes)]';
  const looked = await ask(came, { ...options, sessionId });
  expect(looked.answer).toContain(`name,age\n${'Ada,36\n'.repeat(9)}\`\`\``);
  await ask('send it back', { ...options, resume: sessionId });
  await ask('写一个文件 todo.txt，内容是买牛奶，然后发给我', { ...options, resume: sessionId });
  expect(await readFile(join(cwd, 'todo.txt'), 'utf8')).toBe('买牛奶');
  expect(sent).toEqual([{ path: 'inbox/ages.csv' }, { path: 'todo.txt' }]);
});

/** What the model says to a message, without the agent around it. */
async function answerTo(
  text: string,
  body: object = { tools: TOOLS.map((name) => ({ name })) },
): Promise<string> {
  const request: ModelRequest = {
    modelId: MODEL,
    stream: true,
    body: { max_tokens: 1_000, messages: [{ role: 'user', content: text }], ...body },
  };
  const outputs: ModelOutput[] = [];
  const respond = createDemoModel({ wordDelayMs: 0 });
  for await (const output of respond(request, new AbortController().signal)) outputs.push(output);
  return outputs.map((output) => (output.type === 'text' ? output.text : '')).join('');
}

test('it never pretends to be another model or to understand', async () => {
  for (const words of ['are you Claude?', 'hello', 'the weather is fine', '']) {
    expect(await answerTo(words)).toContain('**demo model**');
  }
  for (const words of ['你是 Claude 吗？', '你好', '今天天气不错']) {
    expect(await answerTo(words)).toContain('**演示模型**');
  }
  expect(await answerTo('the weather is fine')).toContain('> the weather is fine');
});

test('what the CLI asks beside the conversation gets a short answer of the kind it wants', async () => {
  const asked = 'Name it.\n<session>\nwrite a file notes.md that says hello\n</session>';
  expect(JSON.parse(await answerTo(asked, {}))).toEqual({ title: 'write a file notes.md that says hello' });
  expect(await answerTo('write a file', { max_tokens: 1, tools: [{ name: 'Write' }] })).toBe('ok');
});

test('a user who leaves ends the answer between two words', async () => {
  const client = new AbortController();
  const respond = createDemoModel({ wordDelayMs: 1 });
  const request = {
    messages: [{ role: 'user' as const, content: 'tell me a story' }],
    tools: [{ name: 'Read' }],
  };
  const answer = respond(
    { modelId: MODEL, stream: true, body: { max_tokens: 9, ...request } },
    client.signal,
  );
  let words = 0;
  const reading = async (): Promise<void> => {
    for await (const output of answer) {
      expect(output.type).toBe('text');
      words += 1;
      if (words === 3) client.abort();
    }
  };
  await expect(reading()).rejects.toMatchObject({ name: 'AbortError' });
  expect(words).toBe(3);
});

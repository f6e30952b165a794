import { query } from '@anthropic-ai/claude-agent-sdk';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGate, type ScriptedModel, startScriptedModel } from './scripted-model.ts';

let model: ScriptedModel;
beforeEach(async () => {
  model = await startScriptedModel();
});
afterEach(() => model.close());

function ask(content: string, more: object = {}, signal?: AbortSignal): Promise<Response> {
  const body = { max_tokens: 100, messages: [{ role: 'user', content }], tools: [{ name: 'Read' }], ...more };
  return fetch(`${model.baseUrl}/model/m/invoke`, {
    method: 'POST',
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}

async function textOf(response: Response): Promise<string> {
  const message = (await response.json()) as { content: { text: string }[] };
  return message.content.map((block) => block.text).join('');
}

test('scripts answer in their order, then "ok"', async () => {
  model.reply('one', ' and a half');
  model.replyWith((request) => [`two of ${request.modelId}`]);
  expect(await textOf(await ask('a'))).toBe('one and a half');
  expect(await textOf(await ask('b'))).toBe('two of m');
  expect(await textOf(await ask('c'))).toBe('ok');
  expect(model.requests.map((request) => request.body.messages[0]?.content)).toEqual(['a', 'b', 'c']);
});

test('requests beside the conversation are kept apart and use up no script', async () => {
  model.reply('scripted');
  await ask('<session>title me</session>', { tools: [] });
  await ask('probe', { max_tokens: 1 });
  expect(await textOf(await ask('talk'))).toBe('scripted');
  expect(model.requests).toHaveLength(1);
  expect(model.sideRequests).toHaveLength(2);
});

test('a past or future request can be waited for, and closing ends the wait', async () => {
  const second = model.waitForRequest((_request, index) => index === 1);
  await ask('a');
  await ask('b');
  expect((await second).body.messages[0]?.content).toBe('b');
  expect((await model.waitForRequest()).body.messages[0]?.content).toBe('a');

  const never = expect(model.waitForRequest((request) => request.modelId === 'x')).rejects.toThrow('closed');
  await model.close();
  await never;
  model = await startScriptedModel();
});

test('a held response comes only after its release', async () => {
  const gate = model.hold();
  let isAnswered = false;
  const answer = ask('a').then((response) => {
    isAnswered = true;
    return textOf(response);
  });
  await gate.reached;
  expect(await textOf(await ask('b, which overtakes it'))).toBe('ok');
  expect(isAnswered).toBe(false);
  gate.release();
  expect(await answer).toBe('ok');
});

test('a client that leaves a waiting response frees it', async () => {
  const gate = createGate();
  const freed = Promise.withResolvers<boolean>();
  model.replyWith((_request, signal) => {
    signal.addEventListener('abort', () => freed.resolve(signal.aborted));
    return [gate, 'nobody reads this'];
  });
  const client = new AbortController();
  const answer = ask('a', {}, client.signal);
  await gate.reached;
  client.abort();
  await expect(answer).rejects.toThrow();
  expect(await freed.promise).toBe(true);
});

test('the real agent comes through throttling, a cut stream and an exception to the answer', async () => {
  const home = await mkdtemp(join(tmpdir(), 'scripted-model-'));
  const cwd = join(home, 'workspace');
  await mkdir(cwd);
  model.reply({ type: 'error', status: 429, errorType: 'ThrottlingException', message: 'Slow down' });
  model.reply('lost ', { type: 'cut' });
  const gate = createGate();
  model.reply('half ', gate, { type: 'exception', errorType: 'throttlingException', message: 'Slow down' });
  model.reply('found');
  const options = {
    cwd,
    tools: ['Read'],
    model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    includePartialMessages: true,
    settingSources: [],
    env: {
      PATH: process.env.PATH,
      HOME: home,
      CLAUDE_CONFIG_DIR: join(home, 'config'),
      CLAUDE_CODE_TMPDIR: home,
      CLAUDE_CODE_USE_BEDROCK: '1',
      CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1',
      ANTHROPIC_BEDROCK_BASE_URL: model.baseUrl,
      AWS_REGION: 'us-east-1',
    },
  };
  const seen: string[] = [];
  for await (const message of query({ prompt: 'hello', options })) {
    // The words before the gate have come through the agent: the response may go on.
    if (message.type === 'stream_event' && JSON.stringify(message.event).includes('half ')) gate.release();
    if (message.type === 'system' && message.subtype === 'api_retry') seen.push('retry');
    if (message.type === 'result' && message.subtype === 'success') seen.push(message.result);
  }
  await rm(home, { recursive: true });
  expect(seen).toEqual(['retry', 'retry', 'found']);
  expect(model.requests.map((request) => request.stream)).toEqual([true, true, true, false]);
});

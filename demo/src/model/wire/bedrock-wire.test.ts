import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  BODY,
  eventsOf,
  invokePath,
  MODEL,
  post,
  readFrames,
  saying,
  serve,
  streamPath,
} from './bedrock-wire.fixture.ts';
import { createBedrockStandIn } from './bedrock-wire.ts';
import type { ModelRequest } from './model-request.ts';

const ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123';

test('a streamed answer is the event sequence of the Messages API in chunk frames', async () => {
  const base = await serve(
    saying(
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
      { type: 'tool_use', name: 'Write', input: { file_path: 'a.txt', content: 'é' } },
    ),
  );
  const response = await post(base + streamPath);
  const frames = await readFrames(response);
  const events = eventsOf(frames);

  expect(response.headers.get('content-type')).toBe('application/vnd.amazon.eventstream');
  expect(frames[0]?.headers).toEqual({
    ':message-type': 'event',
    ':event-type': 'chunk',
    ':content-type': 'application/json',
  });
  expect(events.map(({ type, index }) => (index === undefined ? type : `${type} ${index}`))).toEqual([
    'message_start',
    'content_block_start 0',
    'content_block_delta 0',
    'content_block_delta 0',
    'content_block_stop 0',
    'content_block_start 1',
    'content_block_delta 1',
    'content_block_stop 1',
    'message_delta',
    'message_stop',
  ]);
  expect(events[5]?.content_block).toMatchObject({ type: 'tool_use', name: 'Write' });
  expect(JSON.parse(events[6]?.delta?.partial_json ?? '')).toEqual({ file_path: 'a.txt', content: 'é' });
  expect(events[8]?.delta?.stop_reason).toBe('tool_use');
  expect(events[0]?.message?.usage.input_tokens).toBeGreaterThan(0);
  expect(events[8]?.usage?.output_tokens).toBeGreaterThan(0);
});

test('a model that says nothing still ends its turn', async () => {
  const base = await serve(saying());
  const events = eventsOf(await readFrames(await post(base + streamPath)));
  expect(events.map(({ type }) => type)).toEqual(['message_start', 'message_delta', 'message_stop']);
  expect(events[1]?.delta?.stop_reason).toBe('end_turn');
});

test('whatever text is said, in whatever pieces, arrives whole, streamed or not', async () => {
  let pieces: string[] = [];
  const base = await serve(async function* () {
    await Promise.resolve();
    for (const text of pieces) yield { type: 'text', text };
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 8 }),
      async (texts) => {
        pieces = texts;
        const events = eventsOf(await readFrames(await post(base + streamPath)));
        expect(events.map((event) => event.delta?.text ?? '').join('')).toBe(texts.join(''));
        const message = (await (await post(base + invokePath)).json()) as { content: { text: string }[] };
        expect(message.content.map((block) => block.text)).toEqual([texts.join('')]);
      },
    ),
    { numRuns: 50 },
  );
});

test.each([
  ['a plain colon', MODEL],
  ['an encoded colon', encodeURIComponent(MODEL)],
  ['an encoded ARN', encodeURIComponent(ARN)],
  ['a bare ARN', ARN],
])('the model id is decoded from %s, below any prefix', async (_how, id) => {
  const seen: ModelRequest[] = [];
  const base = await serve(async function* (request) {
    await Promise.resolve();
    seen.push(request);
    yield { type: 'text', text: 'ok' };
  }, '/token/bedrock');
  await (await post(`${base}/model/${id}/invoke`)).text();
  await (await post(`${base}/model/${id}/invoke-with-response-stream`)).text();
  const modelId = decodeURIComponent(id);
  expect(seen).toEqual([
    { modelId, stream: false, body: BODY },
    { modelId, stream: true, body: BODY },
  ]);
});

test('tokens are counted for a body in base64, and there are no inference profiles', async () => {
  const standIn = createBedrockStandIn({ respond: saying() });
  const count = async (content: string): Promise<number> => {
    const body = Buffer.from(JSON.stringify({ messages: [{ role: 'user', content }] })).toString('base64');
    const response = await standIn.request(`/model/${MODEL}/count-tokens`, {
      method: 'POST',
      body: JSON.stringify({ input: { invokeModel: { body } } }),
    });
    return ((await response.json()) as { inputTokens: number }).inputTokens;
  };
  expect((await count('word '.repeat(400))) - (await count(''))).toBe(500);
  const profiles = await standIn.request('/inference-profiles?type=SYSTEM_DEFINED');
  expect(await profiles.json()).toEqual({ inferenceProfileSummaries: [] });
});

test('a thought is a block of its own, and an answer may end for another reason', async () => {
  const outputs = [
    { type: 'thinking', thinking: 'Hm' },
    { type: 'text', text: 'cut he' },
    { type: 'stop', reason: 'max_tokens' },
  ] as const;
  const base = await serve(saying(...outputs));
  const events = eventsOf(await readFrames(await post(base + streamPath)));
  expect(events[1]?.content_block).toMatchObject({ type: 'thinking' });
  expect(events.find(({ type }) => type === 'message_delta')?.delta?.stop_reason).toBe('max_tokens');
  const whole: unknown = await (await post(base + invokePath)).json();
  expect(whole).toMatchObject({
    stop_reason: 'max_tokens',
    content: [
      { type: 'thinking', thinking: 'Hm' },
      { type: 'text', text: 'cut he' },
    ],
  });
});

test('a stream may end as if it were whole, without the end of its answer', async () => {
  const base = await serve(saying({ type: 'text', text: 'Half' }, { type: 'end' }));
  const events = eventsOf(await readFrames(await post(base + streamPath)));
  expect(events.map(({ type }) => type)).toEqual([
    'message_start',
    'content_block_start',
    'content_block_delta',
  ]);
});

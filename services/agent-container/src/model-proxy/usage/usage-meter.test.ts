import fc from 'fast-check';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import {
  bedrockFrame,
  exceptionFrame,
  MESSAGE_EVENTS,
  MESSAGE_USAGE,
  serverSentEvent,
} from '../streamed-message.fixture.ts';
import { usageMeter } from './usage-meter.ts';

const BEDROCK = 'application/vnd.amazon.eventstream';
const ANTHROPIC = 'text/event-stream; charset=utf-8';
const JSON_TYPE = 'application/json';

/** Sends chunks through a meter; the usage is the last one it told. */
async function measure(contentType: string, chunks: Buffer[]): Promise<{ passed: Buffer; usage: unknown }> {
  let usage: unknown;
  const meter = usageMeter(contentType, (soFar) => (usage = soFar));
  if (!meter) throw new Error('There is no meter for this');
  const passed: Buffer[] = [];
  await pipeline(Readable.from(chunks), meter, async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) passed.push(chunk);
  });
  return { passed: Buffer.concat(passed), usage };
}

/** The same, but for its last byte, which belongs to the checksum. */
function damaged(frame: Buffer): Buffer {
  const copy = Buffer.from(frame);
  copy.writeUInt8(copy.readUInt8(copy.length - 1) ^ 1, copy.length - 1);
  return copy;
}

function cutAt(whole: Buffer, places: number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % whole.length))].sort((a, b) => a - b);
  return [...sorted, whole.length].map((end, index) => whole.subarray(sorted[index - 1] ?? 0, end));
}

describe.each([
  ['Bedrock’s frames', BEDROCK, Buffer.concat(MESSAGE_EVENTS.map(bedrockFrame))],
  ['Anthropic’s events', ANTHROPIC, Buffer.concat(MESSAGE_EVENTS.map(serverSentEvent))],
  [
    'a whole message',
    JSON_TYPE,
    Buffer.from(JSON.stringify({ content: [{ type: 'text', text: '你好' }], usage: MESSAGE_USAGE })),
  ],
])('%s', (_, contentType, whole) => {
  it('are handed on unaltered and counted, wherever the network cuts them', async () => {
    const places = fc.array(fc.nat(), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(places, async (at) => {
        const { passed, usage } = await measure(contentType, cutAt(whole, at));
        expect(passed.equals(whole)).toBe(true);
        expect(usage).toEqual(MESSAGE_USAGE);
      }),
      { numRuns: 60 },
    );
  });
});

it('counts one token for each delta of a message that was cut off', async () => {
  const begun = Buffer.concat(MESSAGE_EVENTS.slice(0, 4).map(bedrockFrame));
  expect((await measure(BEDROCK, [begun])).usage).toEqual({ ...MESSAGE_USAGE, output_tokens: 2 });
});

it('hands exceptions and other events on without counting them', async () => {
  const ping = serverSentEvent({ type: 'ping' });
  const failed = exceptionFrame('throttlingException', 'slow down');
  const [start = {}] = MESSAGE_EVENTS;
  expect((await measure(ANTHROPIC, [ping, serverSentEvent(start)])).usage).toMatchObject({
    input_tokens: 100,
  });
  expect(await measure(BEDROCK, [failed])).toEqual({ passed: failed, usage: undefined });
});

it('counts nothing for a message without usage, and for cache tokens that are null', async () => {
  const usage = { input_tokens: 5, output_tokens: 2, cache_read_input_tokens: null };
  expect((await measure(JSON_TYPE, [Buffer.from('{"content":[]}')])).usage).toMatchObject({
    input_tokens: 0,
  });
  expect((await measure(JSON_TYPE, [Buffer.from(JSON.stringify({ usage }))])).usage).toEqual({
    ...usage,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
  });
});

it.each([
  ['bytes that are no frames', BEDROCK, Buffer.alloc(64)],
  ['a frame whose checksum is wrong', BEDROCK, damaged(bedrockFrame({ type: 'ping' }))],
  ['an event that is no JSON', ANTHROPIC, Buffer.from('data: {oops\n\n')],
  ['an event without a type', ANTHROPIC, Buffer.from('data: {}\n\n')],
  ['a message that is no JSON', JSON_TYPE, Buffer.from('<html>')],
  ['a message with another kind of usage', JSON_TYPE, Buffer.from('{"usage":{"input_tokens":-1}}')],
])('fails at %s, so that nothing goes by uncounted', async (_, contentType, bytes) => {
  await expect(measure(contentType, [bytes])).rejects.toThrow();
});

it('has no meter for what is no answer', () => {
  expect(usageMeter('text/html', () => undefined)).toBeUndefined();
  expect(usageMeter(undefined, () => undefined)).toBeUndefined();
});

it.each([
  ['frames', BEDROCK, (text: string) => bedrockFrame({ type: 'content_block_delta', delta: { text } })],
  ['events', ANTHROPIC, (text: string) => serverSentEvent({ type: 'content_block_delta', delta: { text } })],
  ['messages', JSON_TYPE, (text: string) => Buffer.from(JSON.stringify({ usage: {}, content: [{ text }] }))],
])('takes linear time for large %s in small pieces', async (_, contentType, make) => {
  const whole = make('x'.repeat(2_900_000));
  const pieces = Array.from({ length: Math.ceil(whole.length / 512) }, (_, at) =>
    whole.subarray(at * 512, (at + 1) * 512),
  );
  const began = process.cpuUsage();
  await measure(contentType, pieces);
  // Joining all that is held with each piece copies 12 GB.
  expect(process.cpuUsage(began).user / 1_000).toBeLessThan(1_500);
});

it.each([
  ['a frame', BEDROCK, Buffer.from([0x01, 0x90, 0, 0, 0, 0, 0, 0])],
  ['an event', ANTHROPIC, Buffer.from(`data: ${'x'.repeat(5_000_000)}`)],
  ['a message', JSON_TYPE, Buffer.alloc(17_000_000, ' ')],
  ['an event of many values', ANTHROPIC, Buffer.from(`data: {"type":"x","a":[${'{},'.repeat(200_000)}0]}\n`)],
  ['a message of many values', JSON_TYPE, Buffer.from(`{"content":[${'{},'.repeat(200_000)}0]}`)],
])('fails at %s beyond its limit before it is parsed', async (_, contentType, bytes) => {
  await expect(measure(contentType, [bytes])).rejects.toThrow(
    /no event stream|no stream of events|too long|too many/,
  );
});

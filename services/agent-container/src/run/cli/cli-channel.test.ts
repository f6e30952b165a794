import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CliChannel } from './cli-channel.ts';
import { OutputGate } from './output-gate.ts';
import { OutputLines } from './output-lines.ts';
import { OUTPUT_LIMITS, type OutputLimits } from './output-limits.ts';

const UNHURRIED = { ...OUTPUT_LIMITS, linesPerSecond: 1e9, bytesPerSecond: 1e12 };
const SMALL: OutputLimits = {
  ...UNHURRIED,
  wholeLineBytes: 64,
  textBytes: 16,
  keptLineBytes: 256,
  lineBytes: 4_096,
};

/** What the SDK would read of an output, and what was wrong with it. */
async function passed(
  output: Readable,
  limits: OutputLimits = UNHURRIED,
): Promise<{ lines: string[]; violation: unknown }> {
  let violation: unknown;
  const channel = new CliChannel({
    gate: new OutputGate(),
    limits,
    onViolation: (error) => (violation = error),
  });
  const lines: string[] = [];
  for await (const line of createInterface(channel.outputOf(output))) lines.push(line);
  return { lines, violation };
}

const said = (...messages: unknown[]): Readable =>
  Readable.from(messages.map((message) => Buffer.from(`${JSON.stringify(message)}\n`)));

/** Runs a hostile program in the CLI's place, and watches our memory while its output is read. */
async function memoryFor(
  program: string,
  limits: OutputLimits,
): Promise<{ grownBytes: number; violation: unknown }> {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  try {
    let violation: unknown;
    const channel = new CliChannel({
      gate: new OutputGate(),
      limits,
      onViolation: (error) => (violation = error),
    });
    await once(channel.outputOf(child.stdout).resume(), 'close');
    return { grownBytes: most - before, violation };
  } finally {
    clearInterval(watch);
    child.kill('SIGKILL');
  }
}

const MIB = 1024 * 1024;
const WRITE = 'const w = (b) => new Promise((r) => process.stdout.write(b, r)); (async () => {';
const OVERRAN = { code: 'agent_overran', retryable: false };

describe('A hostile program in the place of the CLI', () => {
  it('is stopped when it writes 600 MB without a line break, and never fills the memory', async () => {
    const program = `${WRITE} const b = Buffer.alloc(1048576, 97); for (let i = 0; i < 600; i += 1) await w(b); })()`;
    const { grownBytes, violation } = await memoryFor(program, UNHURRIED);
    expect(violation).toMatchObject(OVERRAN);
    expect(grownBytes).toBeLessThan(150 * MIB);
  }, 60_000);

  it('is stopped when the 600 MB are one text of a message', async () => {
    const program = `${WRITE} await w('{"type":"assistant","x":"'); const b = Buffer.alloc(1048576, 97); for (let i = 0; i < 600; i += 1) await w(b); })()`;
    const { grownBytes, violation } = await memoryFor(program, UNHURRIED);
    expect(violation).toMatchObject(OVERRAN);
    expect(grownBytes).toBeLessThan(200 * MIB);
  }, 60_000);

  it('is stopped when it writes two million lines', async () => {
    const line = JSON.stringify({ type: 'system', subtype: 'x' });
    const program = `${WRITE} const b = (${JSON.stringify(`${line}\n`)}).repeat(20000); for (let i = 0; i < 100; i += 1) await w(b); })()`;
    const { grownBytes, violation } = await memoryFor(program, UNHURRIED);
    expect(violation).toMatchObject(OVERRAN);
    expect(grownBytes).toBeLessThan(200 * MIB);
  }, 120_000);
});

describe('Of what the CLI writes', () => {
  it('only what is read goes on, and long names, inputs and results are cut', async () => {
    const long = 'x'.repeat(100_000);
    const use = { type: 'tool_use', id: long, name: long, input: { command: long, content: long } };
    const result = { type: 'tool_result', tool_use_id: 'a', content: long };
    const { lines, violation } = await passed(
      said(
        { type: 'assistant', message: { id: 'm', content: [use, { type: 'thinking', thinking: long }] } },
        { type: 'user', message: { role: 'user', content: [result] }, tool_use_result: long },
        { type: 'tool_progress', data: long },
        { type: 'stream_event', event: { type: 'content_block_delta', delta: { type: 'thinking_delta' } } },
        'no object',
        { type: 'nobody knows this' },
      ),
    );
    expect(violation).toBeUndefined();
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['assistant', 'user']);
    expect(lines.join('').length).toBeLessThan(20_000);
  });

  it('a line break of Unicode within a text breaks no line', async () => {
    const text = 'a\u2028b\u2029c';
    const event = { type: 'content_block_delta', delta: { type: 'text_delta', text } };
    const { lines } = await passed(said({ type: 'stream_event', parent_tool_use_id: null, event }));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([expect.objectContaining({ event })]);
  });

  it.each([
    { type: 'control_request', request_id: 'a' },
    { type: 'control_request', request_id: 'a', request: null },
    {
      type: 'control_request',
      request_id: 'a',
      request: { subtype: 'mcp_message', server_name: 'chat', message: [] },
    },
    { type: 'control_response' },
    { type: 'result', subtype: 'success', is_error: false, num_turns: -1, total_cost_usd: 'free', usage: {} },
    { type: 'assistant', message: null },
  ])('what would confuse its reader ends the turn: %j', async (message) => {
    const { lines, violation } = await passed(said(message));
    expect(lines).toEqual([]);
    expect(violation).toMatchObject({ code: 'agent_crashed' });
  });

  it.each(['-1', '1e999', '-1e999', '9007199254740993', '1.5', '"NaN"', 'null', '{}', '[]'])(
    'a result whose figures are %s ends the turn, or counts as none',
    async (figure) => {
      const written = JSON.stringify({
        ...{ type: 'result', subtype: 'success', is_error: false, num_turns: 'F', total_cost_usd: 'F' },
        usage: { input_tokens: 'F', output_tokens: 'F', cache_read_input_tokens: 'F' },
      });
      const line = `${written.replaceAll('"F"', figure)}\n`;
      const { lines, violation } = await passed(Readable.from([Buffer.from(line)]));
      expect(lines).toEqual([]);
      expect(violation).toMatchObject({ code: 'agent_crashed' });
    },
  );

  it.each([
    [
      'a question about a tool',
      '{"type":"control_request","request_id":"q","request":{"subtype":"x","input":DEEP}}',
    ],
    [
      'a call of a tool',
      '{"type":"control_request","request_id":"q","request":{"subtype":"mcp_message","server_name":"chat","message":{"jsonrpc":"2.0","params":DEEP}}}',
    ],
    [
      'an answer',
      '{"type":"control_response","response":{"subtype":"success","request_id":"r","response":DEEP}}',
    ],
    ['what it says of itself', '{"type":"system","subtype":"x","mcp_servers":DEEP}'],
  ])('lists in lists, 100,000 deep, in %s end the turn', async (_, line) => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const { lines, violation } = await passed(
      Readable.from([Buffer.from(`${line.replace('DEEP', deep)}\n`)]),
    );
    expect(lines).toEqual([]);
    expect(violation).toMatchObject({ code: 'agent_crashed' });
  });

  it('what is no UTF-8, no JSON, or hides a type where none looks for it does not go on', async () => {
    const { lines, violation } = await passed(
      Readable.from([
        Buffer.from([0xff, 0xfe, 0x80, 0x0a, 0xc3, 0x28, 0x0a, 0xed, 0xa0, 0x80, 0x0a, 0, 0x0a]),
        Buffer.from('{"type":"result","subtype":"success","total_cost_usd":NaN}\n'),
        Buffer.from('{"__proto__":{"type":"result"},"constructor":{"prototype":{"type":"result"}}}\n'),
      ]),
    );
    expect({ lines, violation }).toEqual({ lines: [], violation: undefined });
    expect('type' in {}).toBe(false);
  });

  it('answers to questions that were never asked, and questions that are open already, do not go on', async () => {
    const question = { type: 'control_request', request_id: 'q', request: { subtype: 'hook_callback' } };
    const answer = { type: 'control_response', response: { subtype: 'success', request_id: 'r' } };
    const { lines } = await passed(said(answer, question, question));
    expect(lines).toHaveLength(1);
  });
});

it('No more questions are open at once than the limit; the next ones wait for answers', async () => {
  const channel = new CliChannel({
    gate: new OutputGate(),
    limits: { ...UNHURRIED, openRequests: 2 },
    onViolation: () => undefined,
  });
  const ask = (id: number): string =>
    `${JSON.stringify({ type: 'control_request', request_id: `q${id}`, request: { subtype: 'hook_callback' } })}\n`;
  const output = channel.outputOf(Readable.from([Buffer.from([1, 2, 3, 4].map(ask).join(''))]));
  const input = channel.inputOf(new PassThrough().resume());
  const asked: string[] = [];
  const lines = createInterface(output).on('line', (line) =>
    asked.push((JSON.parse(line) as { request_id: string }).request_id),
  );
  await expect.poll(() => asked).toEqual(['q1', 'q2']);
  const answer = (id: string): boolean =>
    input.write(
      `${JSON.stringify({ type: 'control_response', response: { subtype: 'success', request_id: id } })}\n`,
    );
  answer('q1');
  await expect.poll(() => asked).toEqual(['q1', 'q2', 'q3']);
  answer('q2');
  answer('q3');
  await once(lines, 'close');
  expect(asked).toEqual(['q1', 'q2', 'q3', 'q4']);
});

it('A CLI that does not read its input is ended before much of it waits', () => {
  let violation: unknown;
  const channel = new CliChannel({
    gate: new OutputGate(),
    limits: { ...UNHURRIED, waitingInputBytes: 1_000 },
    onViolation: (error) => (violation = error),
  });
  const input = channel.inputOf(new PassThrough({ highWaterMark: 1 }));
  for (let count = 0; count < 20; count += 1) input.write('x'.repeat(100));
  expect(violation).toMatchObject(OVERRAN);
});

it('A CLI that asks and does not read the answers is ended, although little of them waits', async () => {
  const violation = new Promise((resolve) => {
    const limits = { ...UNHURRIED, openRequests: 2, unreadInputMs: 50 };
    const channel = new CliChannel({ gate: new OutputGate(), limits, onViolation: resolve });
    const input = channel.inputOf(new PassThrough({ highWaterMark: 1 }));
    for (let count = 0; count < 3; count += 1) input.write('x'.repeat(100));
  });
  expect(await violation).toMatchObject(OVERRAN);
});

it('While nobody reads the messages, no more of the output is taken in', async () => {
  const gate = new OutputGate();
  let taken = 0;
  function* many(): Generator<Buffer> {
    for (; taken < 10_000; taken += 1)
      yield Buffer.from(`${JSON.stringify({ type: 'system', subtype: 'x' })}\n`);
  }
  const channel = new CliChannel({ gate, limits: UNHURRIED, onViolation: () => undefined });
  const lines = createInterface(channel.outputOf(Readable.from(many())))[Symbol.asyncIterator]();
  const messages = gate.reading(lines);
  await messages.next();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(taken).toBeLessThan(200);
  let count = 1;
  while ((await messages.next()).done !== true) count += 1;
  expect(count).toBe(10_000);
});

it('A long line is JSON after its texts were cut, however its bytes come, and says that they were', () =>
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 50 }),
      (texts, size) => {
        const whole = Buffer.from(`${JSON.stringify(texts)}\n`);
        const lines = new OutputLines({ ...SMALL, keptLineBytes: 10_000 });
        const read = [];
        for (let at = 0; at < whole.byteLength; at += size)
          read.push(...lines.take(whole.subarray(at, at + size)));
        expect(read).toHaveLength(1);
        const [line] = read;
        const cut = JSON.parse(line?.bytes.toString() ?? '') as string[];
        expect(cut).toHaveLength(texts.length);
        for (const [index, text] of cut.entries()) expect(texts[index]?.startsWith(text)).toBe(true);
        if (line?.isCut === false) expect(cut).toEqual(texts);
      },
    ),
  ));

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEvents, encodeEvent, EventStreamError } from './ndjson.ts';
import { anyProgressEvent, anyTerminalEvent } from './run-event.fixture.ts';
import type { RunEvent } from './run-event.ts';

const HEARTBEAT: RunEvent = { type: 'heartbeat' };
const FAILED: RunEvent = {
  type: 'failed',
  error: { code: 'internal', message: 'broken', retryable: true },
};

describe('a stream of events', () => {
  it('reads as the events it was written from, wherever its bytes are cut', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(anyProgressEvent, { maxLength: 6 }),
        anyTerminalEvent,
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        async (progress, terminal, lengths) => {
          const events = [...progress, terminal];
          const bytes = Buffer.from(events.map(encodeEvent).join(''));
          expect(await read(pieces(bytes, lengths))).toEqual({ events, error: undefined });
        },
      ),
    ));

  it('reads the same when every byte comes alone, also inside of a character', async () => {
    const events: RunEvent[] = [{ type: 'text', offset: 0, delta: 'é 漢 👩‍👩‍👧 \u2028 \ud800' }, FAILED];
    const bytes = Buffer.from(events.map(encodeEvent).join(''));
    expect(await read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual({ events, error: undefined });
  });

  it('is one line per event, whatever the event says', () =>
    fc.assert(
      fc.property(fc.oneof(anyProgressEvent, anyTerminalEvent), (event) => {
        expect(encodeEvent(event).indexOf('\n')).toBe(encodeEvent(event).length - 1);
      }),
    ));

  it('needs no newline after its last event, and blank lines say nothing', async () => {
    const text = `\n${encodeEvent(HEARTBEAT)}\r\n${encodeEvent(FAILED).trimEnd()}`;
    expect(await read([Buffer.from(text)])).toEqual({ events: [HEARTBEAT, FAILED], error: undefined });
  });
});

describe('a stream that breaks the protocol', () => {
  it.each<[string, string | Uint8Array, RunEvent[], EventStreamError['code']]>([
    ['it is empty', '', [], 'no_terminal_event'],
    ['no terminal event comes', encodeEvent(HEARTBEAT), [HEARTBEAT], 'no_terminal_event'],
    ['it goes on after its end', encodeEvent(FAILED) + encodeEvent(HEARTBEAT), [FAILED], 'event_after_end'],
    ['it ends twice', encodeEvent(FAILED) + encodeEvent(FAILED), [FAILED], 'event_after_end'],
    ['a line is not JSON', `${encodeEvent(HEARTBEAT)}{"type":\n`, [HEARTBEAT], 'malformed_event'],
    ['it is cut inside of an event', encodeEvent(FAILED).slice(0, -9), [], 'malformed_event'],
    ['an event has a type of its own', '{"type":"applause"}\n', [], 'malformed_event'],
    ['an event lacks a field', '{"type":"text","offset":0}\n', [], 'malformed_event'],
    ['a field is of another kind', '{"type":"answer","text":7}\n', [], 'malformed_event'],
    ['it is not UTF-8', Uint8Array.of(0x22, 0xff, 0x22, 0x0a), [], 'malformed_event'],
    ['it ends inside of a character', Uint8Array.of(0x0a, 0xe6, 0xbc), [], 'malformed_event'],
  ])('is refused when %s, after the events that were sound', async (_, body, events, code) => {
    const result = await read([Buffer.from(body)]);
    expect(result.events).toEqual(events);
    expect(result.error).toBeInstanceOf(EventStreamError);
    expect(result.error).toMatchObject({ code, retryable: true });
  });

  it('is refused when a line has no end within 8 MiB', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'a');
    const { error } = await read(Array.from({ length: 9 }, () => piece));
    expect(error).toMatchObject({ code: 'malformed_event' });
  });

  it('is refused when it has more events than a stream may have', async () => {
    const body = Buffer.from(encodeEvent(HEARTBEAT).repeat(6));
    const { events, error } = await read([body], 5);
    expect(events).toHaveLength(5);
    expect(error).toMatchObject({ code: 'malformed_event' });
  });

  it('names the parser’s own error as the cause', async () => {
    const { error } = await read([Buffer.from('no json\n')]);
    expect((error as Error).cause).toBeInstanceOf(SyntaxError);
  });
});

it('passes the error of a cut connection on as it is', async () => {
  const cut = new Error('connection reset');
  async function* body(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from(encodeEvent(HEARTBEAT)));
    throw cut;
  }
  expect(await read(body())).toEqual({ events: [HEARTBEAT], error: cut });
});

async function read(
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  maxEvents?: number,
): Promise<{ events: RunEvent[]; error: unknown }> {
  const events: RunEvent[] = [];
  try {
    for await (const event of decodeEvents(asynchronously(body), maxEvents)) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}

async function* asynchronously(
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* body;
}

function* pieces(bytes: Uint8Array, lengths: Iterator<number>): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length;) {
    const end = start + Number(lengths.next().value);
    yield bytes.subarray(start, end);
    start = end;
  }
}

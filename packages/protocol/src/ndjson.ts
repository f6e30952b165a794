import { isTerminal, type RunEvent, runEventSchema } from './run-event.ts';

/** One line holds one event; the longest legal one is an answer, far below this many UTF-16 code units. */
const MAX_LINE_LENGTH = 8 * 1024 * 1024;
/** Of a whole stream: an agent server sends about 100 events a second at most, and each text once or twice. In bytes. */
const MAX_STREAM_LENGTH = 256 * 1024 * 1024;
const MAX_EVENTS = 2_000_000;

/** A stream that breaks the protocol: a line that is no event, one after the end, or no end at all. */
export class EventStreamError extends Error {
  override readonly name = 'EventStreamError';
  readonly code: 'malformed_event' | 'event_after_end' | 'no_terminal_event';
  /** The agent may answer properly next time: the connection may have been cut. */
  readonly retryable = true;

  constructor(code: EventStreamError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** @returns the event as one line of NDJSON, newline included. */
export function encodeEvent(event: RunEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/**
 * Reads a body of NDJSON, whatever way its bytes are cut into chunks.
 * @param maxEvents of the whole stream; two millions unless given.
 * @throws EventStreamError on a line that is no event, on anything after the terminal event, and when none came.
 * Errors of the body itself (a cut connection) are thrown as they are.
 */
export async function* decodeEvents(
  body: AsyncIterable<Uint8Array>,
  maxEvents = MAX_EVENTS,
): AsyncGenerator<RunEvent, void, undefined> {
  let isOver = false;
  let events = 0;
  for await (const line of lines(body)) {
    if (line.trim() === '') continue;
    if (isOver) throw new EventStreamError('event_after_end', 'The stream went on after its terminal event');
    events += 1;
    if (events > maxEvents) throw new EventStreamError('malformed_event', 'The stream has too many events');
    const event = parseEvent(line);
    isOver = isTerminal(event);
    yield event;
  }
  if (!isOver)
    throw new EventStreamError('no_terminal_event', 'The stream ended without `finished` or `failed`');
}

async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > MAX_STREAM_LENGTH) throw new EventStreamError('malformed_event', 'The stream is too long');
    // Only what is new is searched: a long line may come in very many chunks.
    const [first = '', ...more] = decodeUtf8(decoder, chunk).split('\n');
    rest += first;
    if (rest.length > MAX_LINE_LENGTH) throw new EventStreamError('malformed_event', 'A line is too long');
    if (more.length === 0) continue;
    yield rest;
    rest = more.pop() ?? '';
    yield* more;
  }
  rest += decodeUtf8(decoder);
  if (rest !== '') yield rest;
}

function decodeUtf8(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): string {
  try {
    return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
  } catch (error) {
    throw new EventStreamError('malformed_event', 'The stream is not UTF-8', { cause: error });
  }
}

function parseEvent(line: string): RunEvent {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    throw new EventStreamError('malformed_event', 'A line is not JSON', { cause: error });
  }
  const parsed = runEventSchema.safeParse(json);
  if (!parsed.success) {
    throw new EventStreamError('malformed_event', 'A line is not an event of this protocol', {
      cause: parsed.error,
    });
  }
  return parsed.data;
}

// bytes, cut anywhere → frames of an AWS event stream → the events of a message within
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { z } from 'zod';
import { GrowingBytes } from '../limits/growing-bytes.ts';
import { parseWithin } from '../limits/json-tally.ts';
import { ANSWER_LIMITS, EVENT_BYTES } from '../limits/proxy-limits.ts';

/** A frame begins with its own length: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html */
const LENGTH_BYTES = 4;
const MIN_FRAME_BYTES = 16;
/** An event in base64, and some room for what is around it. */
const MAX_FRAME_BYTES = Math.ceil(EVENT_BYTES / 3) * 4 + 4_096;

const chunkSchema = z.object({ bytes: z.base64() });
const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => Buffer.from(text, 'utf8'),
);

/** Reads the events that Bedrock streams in frames of its own: `{"bytes": "<base64 of the event>"}` in each `chunk`. */
export class EventFrameReader {
  readonly #held = new GrowingBytes();

  /**
   * @returns the events that are complete by now; frames of other kinds (exceptions) hold none.
   * @throws Error when it is no such stream
   */
  read(bytes: Buffer): unknown[] {
    this.#held.add(bytes);
    const events: unknown[] = [];
    for (;;) {
      const frame = this.#nextFrame();
      if (!frame) return events;
      const { headers, body } = codec.decode(frame);
      if (headers[':event-type']?.value !== 'chunk') continue;
      const { bytes: event } = chunkSchema.parse(parseWithin(Buffer.from(body), ANSWER_LIMITS));
      events.push(parseWithin(Buffer.from(event, 'base64'), ANSWER_LIMITS));
    }
  }

  #nextFrame(): Buffer | undefined {
    if (this.#held.length < LENGTH_BYTES) return undefined;
    const length = this.#held.peek(LENGTH_BYTES).readUInt32BE(0);
    if (length < MIN_FRAME_BYTES || length > MAX_FRAME_BYTES) throw new Error('This is no event stream');
    return this.#held.length < length ? undefined : this.#held.take(length);
  }
}

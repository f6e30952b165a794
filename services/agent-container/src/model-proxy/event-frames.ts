// bytes, cut anywhere → frames of an AWS event stream → the events of a message within
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { z } from 'zod';

/** A frame begins with its own length: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html */
const LENGTH_BYTES = 4;
const MIN_FRAME_BYTES = 16;
const MAX_FRAME_BYTES = 25 * 1024 * 1024;

const chunkSchema = z.object({ bytes: z.base64() });
const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => Buffer.from(text, 'utf8'),
);

/** Reads the events that Bedrock streams in frames of its own: `{"bytes": "<base64 of the event>"}` in each `chunk`. */
export class EventFrameReader {
  #held: Buffer = Buffer.alloc(0);

  /**
   * @returns the events that are complete by now; frames of other kinds (exceptions) hold none.
   * @throws Error when it is no such stream
   */
  read(bytes: Buffer): unknown[] {
    this.#held = Buffer.concat([this.#held, bytes]);
    const events: unknown[] = [];
    for (;;) {
      const frame = this.#nextFrame();
      if (!frame) return events;
      const { headers, body } = codec.decode(frame);
      if (headers[':event-type']?.value !== 'chunk') continue;
      const { bytes: event } = chunkSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')));
      events.push(JSON.parse(Buffer.from(event, 'base64').toString('utf8')));
    }
  }

  #nextFrame(): Buffer | undefined {
    if (this.#held.length < LENGTH_BYTES) return undefined;
    const length = this.#held.readUInt32BE(0);
    if (length < MIN_FRAME_BYTES || length > MAX_FRAME_BYTES) throw new Error('This is no event stream');
    if (this.#held.length < length) return undefined;
    const frame = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return frame;
  }
}
